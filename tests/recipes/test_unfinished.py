"""Evaluations that are interrupted."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.draws import Draws
from archflow.recipes.evaluation import evaluate
from archflow.recipes.fitting import Task
from archflow.recipes.unfinished import JOURNAL, configuration, finished, unfinished
from tests.recipes.evaluations import TABLE

ABOUT = {"kind": "evaluation", "seed": 1}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def draws(labels=(20, 30), repetitions=2) -> Draws:
    return Draws.of(Task.of(TABLE, ["score"]), labels, repetitions)


def test_an_interrupted_evaluation_goes_on_to_the_same(cache):
    made = []

    def make(seed: int) -> StackedPredictor:
        if len(made) == 3:
            made.clear()
            raise KeyboardInterrupt
        made.append(seed)
        return StackedPredictor(components=["line"], seed=seed)

    with pytest.raises(KeyboardInterrupt), unfinished(ABOUT) as (_, journal):
        evaluate(make, draws(), journal=journal)
    steps = []
    with unfinished(ABOUT) as (_, journal):
        assert len(journal.entries) == 3
        resumed = evaluate(make, draws(), lambda: steps.append(1), journal)
    assert len(made) == 1, "what was finished is not fitted again"
    assert len(steps) == 4
    made.clear()
    whole = evaluate(lambda seed: StackedPredictor(components=["line"], seed=seed), draws())
    for one, other in zip(resumed, whole, strict=True):
        assert one.content() == other.content()
        for mine, theirs in zip(one.repetitions, other.repetitions, strict=True):
            for name in ("rows", "predicted", "low", "high"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    assert not list((cache / "evaluations").iterdir())


def test_ends_that_are_not_promised_come_back_as_nothing():
    with unfinished(ABOUT) as (_, journal):
        (found,) = evaluate(lambda seed: StackedPredictor(components=["line"]), draws([5], 1), journal=journal)
        (kept,) = finished(journal).values()
    assert np.isfinite(kept.low).all() == np.isfinite(found.repetitions[0].low).all()
    assert kept.coverage == found.repetitions[0].coverage
    assert replace(kept, rows=0, predicted=0, low=0, high=0) == replace(
        found.repetitions[0], rows=0, predicted=0, low=0, high=0
    )


def test_a_mistake_before_the_first_repetition_leaves_nothing(cache):
    with pytest.raises(ArchflowError), unfinished(ABOUT):
        raise ArchflowError("no such column")
    assert not list((cache / "evaluations").iterdir())


def test_other_work_has_another_folder(tmp_path):
    TABLE.write(tmp_path / "t.csv")
    path = tmp_path / "t.csv"
    given = [
        (draws(), None, None, None),
        (draws([20]), None, None, None),
        (draws(), "plain", None, None),
        (draws(), None, None, ["params"]),
        (draws(), None, None, []),
        (Draws.of(Task.of(TABLE, ["-score"]), [20, 30], 2), None, None, None),
    ]
    folders = set()
    for each in given:
        with unfinished(configuration(path, *each)) as (folder, _):
            folders.add(folder.name)
            assert (folder / JOURNAL).is_file()
            with pytest.raises(ArchflowError, match="another process"), unfinished(configuration(path, *each)):
                pass
    assert len(folders) == len(given)
    assert configuration(path, draws(), None, None, None) == configuration(path, draws(repetitions=9), None, None, None)


def test_a_cache_that_cannot_be_written_is_one_line(cache):
    cache.write_text("a file")
    with pytest.raises(ArchflowError, match="or name another in ARCHFLOW_CACHE"), unfinished(ABOUT):
        pass
