import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.evaluators.base import SearchEvaluator, Wanted
from archflow.search.evaluators.function import FunctionEvaluator
from archflow.search.evaluators.parse import parse
from archflow.spaces import NASBench201
from archflow.testing.evaluator import check_evaluator
from tests.search.measurements import by_epoch, convolutions, noisy

CELLS = NASBench201().sample(4, np.random.default_rng(0))


def test_a_number_is_called_as_what_is_searched_for():
    target = parse("tests.search.measurements:convolutions", Wanted(metrics=("score",)))
    assert target.metrics == ("score",)
    assert [target.evaluate(each, 0) for each in CELLS] == [{"score": convolutions(each)} for each in CELLS]
    assert parse(convolutions, Wanted()).metrics == ("value",)
    assert target.space.name == "nasbench201"
    assert target.columns is not None
    assert set(target.columns(CELLS).metrics) == {"params", "flops"}


@pytest.mark.parametrize("function", [convolutions, noisy, "tests.search.measurements:noisy"])
def test_it_keeps_to_the_contract(function):
    check_evaluator(FunctionEvaluator(function), CELLS)


def test_a_generator_gives_a_curve():
    assert [epoch for epoch, _ in FunctionEvaluator(by_epoch).curve(CELLS[0], 0)] == [1, 3, 9]


def test_its_name_is_what_a_journal_keeps():
    assert FunctionEvaluator(noisy).config == FunctionEvaluator("tests.search.measurements:noisy").config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests.search.missing:f", "cannot be imported .*No module named"),
        ("tests.search.measurements:missing", "cannot be imported .*missing"),
        ("tests.search.measurements:EPOCHS", "cannot be imported"),
        ("os:sep", "is not a function but a str"),
        ("nasbench102", "no data set or other evaluator is called 'nasbench102'; did you mean 'nasbench1"),
        ("train:", "names no images"),
        ("train:missing.npz", "missing.npz: no such file"),
        ("missing.csv", "missing.csv"),
    ],
)
def test_what_cannot_measure_is_refused(text, message):
    with pytest.raises(ArchflowError, match=message):
        parse(text, Wanted())


def test_settings_are_of_evaluators_that_have_some():
    with pytest.raises(ArchflowError, match=r"--set evaluate\.epochs: .* has no settings"):
        parse("tests.search.measurements:noisy", Wanted(settings={"epochs": 2}))


class Mine(SearchEvaluator):
    metrics = ("a", "b")

    @property
    def config(self):
        return {"mine": 1}

    def curve(self, architecture, seed):
        yield 0, {"a": 1.0, "b": 2.0}


def test_an_evaluator_of_ones_own():
    target = parse(Mine(), Wanted(space="nasbench101"))
    assert (target.metrics, target.space.name) == (("a",), "nasbench101")
    check_evaluator(target.evaluate, CELLS)
    assert target.evaluate(CELLS[0], 0) == {"a": 1.0, "b": 2.0}
