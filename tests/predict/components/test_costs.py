"""The component `costs`: its contract, what it applies to, and the predictor that blends it."""

from __future__ import annotations

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.components.base import Lesson
from archflow.predict.components.costs import Costs, FittedCosts
from archflow.predict.context import CONTEXT, Context
from archflow.predict.folds import Folds
from archflow.predict.metrics import mape
from archflow.predict.seen import Seen
from archflow.predict.stacked import StackedPredictor
from archflow.testing import check_component
from tests.predict.costed import latency, some

SPREAD = -0.7


def seen(count: int, seed: int = 0) -> tuple[Seen, np.ndarray]:
    """Networks and their targets: high for low latencies."""
    table = some(count, np.random.default_rng(seed))
    logs = np.log(latency(table))
    return Seen(table, [], {}), (logs - logs.mean()) / SPREAD


def lesson(known: Seen, targets: np.ndarray, spread: float | None = SPREAD) -> Lesson:
    return Lesson(known, targets, Folds.of(len(targets), 3), known, log_spread=spread)


def test_it_keeps_the_contract():
    known, targets = seen(40)
    check_component(Costs(), known, targets, seen(50, seed=5)[0], log_spread=SPREAD)


def test_a_sum_of_costs_is_found():
    known, targets = seen(60)
    others, expected = seen(100, seed=9)
    guess = Costs().fit(lesson(known, targets))(others)
    differ = guess.mean.mean(0) - expected
    assert np.std(differ) < 0.1 * np.std(expected)


@pytest.mark.parametrize("count", [3, 5])
def test_a_handful_of_labels_is_enough(count):
    known, targets = seen(count)
    guess = Costs().fit(lesson(known, targets))(seen(30, seed=4)[0])
    assert guess.mean.shape == (count, 30)
    assert np.isfinite(guess.mean).all()


def test_labels_of_many_orders_of_magnitude_are_learnt():
    known, targets = seen(40)
    targets[:2] = 1e4, -1e4
    assert np.isfinite(Costs().fit(lesson(known, targets))(known).mean).all()


def test_it_applies_to_latencies_of_one_device_whose_nodes_have_costs():
    known, targets = seen(20)
    assert Costs().applies(lesson(known, targets))
    assert not Costs().applies(lesson(known, targets, spread=None)), "labels that keep only their order"
    bare = Seen(Table(known.table.architectures.with_attributes(None, ())), [], {})
    assert not Costs().applies(lesson(bare, targets))
    devices = known.table.with_texts({"device": ["a", "b"] * 10})
    assert not Costs().applies(lesson(Seen(devices, [], {CONTEXT: Context.of(devices)}), targets))


def test_it_does_not_apply_where_only_typical_architectures_have_costs():
    known, targets = seen(20)
    bare = Table(known.table.architectures.with_attributes(None, ()))
    given = Lesson(Seen(bare, [], {}), targets, Folds.of(20, 3), known, log_spread=SPREAD)
    assert not Costs().applies(given)
    latencies = np.exp(SPREAD * targets)
    predictor = StackedPredictor(components=["costs", "ridge"], objective="log")
    assert [each.name for each in predictor.fit(bare, latencies, reference=known.table).shares] == ["ridge"]


def test_costs_that_are_none_are_refused():
    known, targets = seen(30)
    fitted = Costs().fit(lesson(known, targets))
    arrays = fitted.arrays()
    for name, bad in {"weights": -1 - fitted.weights, "least": 0 * fitted.least, "spread": np.zeros(1)}.items():
        with pytest.raises(ArchflowError, match="not those of latencies"):
            FittedCosts.restored({**arrays, name: bad}, known, len(fitted.least))
    for bad in (b'["relu", "relu"]', b"[1]", b'{"relu": 1}', b"[", b"\xff", b"", b"[" * 100_000):
        with pytest.raises(ArchflowError, match="does not hold names"):
            FittedCosts.restored({**arrays, "kinds": np.frombuffer(bad, np.uint8)}, known, len(fitted.least))


def test_operations_of_any_name_are_saved():
    kinds = ("a\nb", '"', "é")
    fitted = FittedCosts(kinds, np.ones((10, 13)), np.ones(10), SPREAD)
    assert FittedCosts.restored(fitted.arrays(), seen(5)[0], 10).kinds == kinds


@pytest.mark.parametrize("objective", ["log", "relative"])
def test_a_predictor_of_latencies_blends_it_and_is_saved(objective, tmp_path):
    table = some(80, np.random.default_rng(1))
    noisy = latency(table) * np.exp(np.random.default_rng(2).normal(0, 0.03, 80))
    predictor = StackedPredictor(objective=objective)
    found = predictor.fit(table.select(range(40)), noisy[:40], metrics=["-latency_ms"])
    assert max(found.shares, key=lambda share: share.weight).name == "costs"
    judged = table.select(range(40, 80))
    predicted = predictor.predict(judged).mean
    assert mape(predicted, noisy[40:]) < 0.06
    predictor.save(tmp_path)
    np.testing.assert_array_equal(StackedPredictor.load(tmp_path).predict(judged).mean, predicted)


def test_a_ranking_does_not_use_it():
    table = some(40, np.random.default_rng(1))
    found = StackedPredictor().fit(table, latency(table))
    assert "costs" not in {share.name for share in found.shares}
