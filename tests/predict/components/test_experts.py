"""Cheap metrics, other tasks and earlier epochs as experts."""

import dataclasses

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.components import Lesson
from archflow.predict.components.experts import ROWS, Experts, _chosen
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.predict.seen import Seen
from archflow.predict.stacked import StackedPredictor
from archflow.testing import check_component
from tests.predict.described import lesson, scores, seen

RNG = np.random.default_rng(0)


def with_columns(known: Seen, **columns) -> Seen:
    return Seen(known.table.with_metrics(columns), known.embedders, known.described)


def hidden(count: int, seed: int = 7) -> np.ndarray:
    """What no graph tells."""
    return np.random.default_rng(seed).normal(size=count)


def partly(values, share: float = 0.5):
    return np.where(np.arange(len(values)) % 10 < 10 * share, values, np.nan)


@pytest.mark.parametrize("columns", [(), ("cheap", "other")])
def test_it_keeps_the_contract(columns):
    known, usual = seen(40), seen(50, seed=5)
    known, usual = (
        with_columns(each, cheap=partly(scores(each, 1)), other=partly(hidden(len(each)), 0.8))
        for each in (known, usual)
    )
    check_component(Experts(columns), known, scores(known), usual)


def test_a_column_that_candidates_have_counts_itself():
    unseen = hidden(180)
    known = with_columns(seen(180), cheap=1000 + np.exp(unseen))
    targets = unseen + 0.1 * hidden(180, 8)
    few, others = known.select(np.arange(40)), known.select(np.arange(40, 180))
    guess = Experts(["cheap"]).fit(Lesson(few, targets[:40], Folds.of(40, 3), known))(others)
    assert kendall_tau(guess.mean.mean(0), targets[40:]) > 0.8


def test_an_expert_speaks_for_candidates_without_the_column():
    known, others = seen(200), seen(100, seed=9)
    with_cheap = with_columns(known, cheap=-scores(known, 1))
    few = with_cheap.select(np.arange(15))
    targets = scores(known)[:15]
    given = Lesson(few, targets, Folds.of(15, 3), with_cheap)
    fitted = Experts(["cheap"]).fit(given)
    said, variance = fitted.say(others)
    cheap = fitted.names.index("cheap")
    assert kendall_tau(said[:, cheap], -scores(others)) > 0.6
    assert (variance[:, cheap] > 0).all()
    plain = Experts().fit(dataclasses.replace(given, known=known.select(np.arange(15)), usual=few))
    with_it, without = (kendall_tau(each(others).mean.mean(0), scores(others)) for each in (fitted, plain))
    assert with_it > without
    assert fitted.gates(others)[:, cheap].mean() < 0


def test_predictions_are_less_sure_without_the_column():
    unseen = hidden(150)
    known = with_columns(seen(150), cheap=unseen)
    few = known.select(np.arange(40))
    fitted = Experts(["cheap"]).fit(Lesson(few, unseen[:40] + 0.1 * hidden(40, 8), Folds.of(40, 3), known))
    there, gone = fitted(known), fitted(with_columns(known, cheap=np.full(150, np.nan)))
    assert np.median(gone.std) > 2 * np.median(there.std)


def test_fidelities_teach_one_another():
    graphs = seen(260, features=False, embeddings=True)
    base = hidden(260)
    known = Seen(
        graphs.table.with_metrics({"acc_4": base + 0.3 * hidden(260, 8), "acc_12": partly(base, 0.4)}),
        graphs.embedders,
        {},
    )
    few = known.select(np.arange(30))
    fitted = Experts(["acc_12", "acc_4"]).fit(Lesson(few, base[:30], Folds.of(30, 3), known))
    assert fitted.names == ["acc_4", "acc_12"]
    missing = np.flatnonzero(np.isnan(known.table.metric("acc_12")))
    assert kendall_tau(fitted.say(known)[0][missing, 1], base[missing]) > 0.6


def test_a_source_that_says_nothing_does_little_harm():
    known, others = seen(120), seen(150, seed=9)
    junk = {f"junk_{i}": hidden(120, i) for i in range(3)}
    cheap = partly(scores(known, 1))
    both = [with_columns(known, cheap=cheap, **more) for more in ({}, junk)]
    lessons = [Lesson(e.select(np.arange(30)), scores(known)[:30], Folds.of(30, 3), e) for e in both]
    good = Experts(["cheap"]).fit(lessons[0])(others)
    mixed = Experts(["cheap", *junk]).fit(lessons[1])(others)
    taus = [kendall_tau(each.mean.mean(0), scores(others)) for each in (mixed, good)]
    assert taus[0] > taus[1] - 0.1


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("same", np.ones(60), "is the same for all"),
        ("empty", np.full(60, np.nan), "has 0 values"),
        ("missing", None, "no column 'missing'"),
        ("acc", hidden(60), "the metric to predict"),
    ],
)
def test_columns_that_cannot_be_sources_are_refused(column, values, why):
    known = seen(60) if values is None else with_columns(seen(60), **{column: values})
    with pytest.raises(ArchflowError, match=why):
        Experts([column]).fit(dataclasses.replace(lesson(known), metrics=["-acc"]))


@pytest.mark.parametrize("columns", ["acc", ["a", "a"], [""], [3]])
def test_names_are_checked(columns):
    with pytest.raises(ArchflowError, match="experts: "):
        Experts(columns)


def test_a_cheap_metric_may_have_exactly_the_order_of_the_labels():
    known, others = (with_columns(each, cheap=5 - 3 * scores(each)) for each in (seen(60), seen(50, seed=9)))
    guess = Experts(["cheap"]).fit(lesson(known))(others)
    assert kendall_tau(guess.mean.mean(0), scores(others)) > 0.95


def test_a_source_in_another_unit_is_odd_and_an_empty_one_is_not():
    known = with_columns(seen(60), cheap=scores(seen(60)) + 9)
    fitted = Experts(["cheap"]).fit(lesson(known))
    assert fitted.oddities(known.table) == {}
    assert fitted.oddities(known.table.with_metrics({"cheap": np.full(60, np.nan)})) == {}
    in_thousandths = known.table.with_metrics({"cheap": 1000 * known.table.metric("cheap")})
    assert "another unit" in fitted.oddities(in_thousandths)["cheap"]


def test_hostile_columns_are_taken():
    values = np.where(np.arange(60) % 7 == 0, [1e300, -1e300, np.inf] * 20, hidden(60))
    known = with_columns(seen(60), wild=values, ties=np.round(hidden(60, 2)), two=(np.arange(60) < 1) * 1e-9)
    guess = Experts(["wild", "ties", "two"]).fit(lesson(known))(known)
    assert np.isfinite(guess.mean).all()
    assert (guess.std > 0).all()


def test_it_does_not_apply_without_sources_or_inputs():
    assert not Experts().applies(lesson(seen(30, features=False)))
    assert Experts(["x"]).applies(lesson(seen(30, features=False)))
    assert not Experts(["x"]).applies(lesson(seen(30, features=False, embeddings=False)))


def test_each_source_is_learnt_from_about_as_many_rows():
    table = np.where(RNG.random((4000, 3)) < [1.0, 0.3, 0.02], 0.0, np.nan)
    rows = _chosen(table, RNG.permutation(4000))
    counts = np.isfinite(table[rows]).sum(0)
    assert counts[2] == np.isfinite(table[:, 2]).sum()
    assert (counts[:2] >= ROWS).all()
    assert len(rows) < 2 * ROWS


def test_a_predictor_with_experts_is_saved(tmp_path):
    known = seen(120, features=False)
    table = known.table.with_metrics({"acc_4": partly(scores(known, 1), 0.8), "acc": scores(known)})
    predictor = StackedPredictor(known.embedders, components=[Experts(["acc_4"]), "process"], features=["counts"])
    labelled = np.arange(120) < 40
    predictor.fit(table, mask=labelled, metrics=["acc"])
    predictor.save(tmp_path / "saved")
    again = StackedPredictor.load(tmp_path / "saved")
    np.testing.assert_allclose(again.predict(table).mean, predictor.predict(table).mean)
    with pytest.raises(ArchflowError, match="'acc' equals the labels"):
        StackedPredictor(known.embedders, components=[Experts(["acc"])]).fit(table, metrics=["acc"])
