"""Costs by kind of node: exact where latency is such a sum, and refusals."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.predict import kind_costs
from archflow.predict.kind_costs import PENALTIES, KindCosts, _error, _fitted, _kinds
from archflow.predict.metrics import mape
from tests.predict.costed import latency, some

RNG = np.random.default_rng(0)


def test_a_sum_of_costs_is_found():
    known, others = some(60, RNG), some(30, RNG)
    model = KindCosts().fit(known, latency(known))
    assert model.penalty in PENALTIES
    assert mape(model.predict(others), latency(others)) < 0.03


def test_the_unit_does_not_matter():
    known, others = some(40, RNG), some(10, RNG)
    one = KindCosts().fit(known, latency(known)).predict(others)
    thousand = KindCosts().fit(known, 1000 * latency(known)).predict(others)
    assert thousand == pytest.approx(1000 * one, rel=1e-6)


def test_no_cost_is_negative_and_predictions_are_positive():
    known = some(30, RNG)
    model = KindCosts().fit(known, RNG.uniform(1, 2, 30))
    assert (model.weights >= 0).all()
    assert (model.predict(some(10, RNG)) > 0).all()


def test_convolutions_are_told_apart():
    columns = {
        "macs": [0, 1, 1, 1, 1, 1, 0],
        "bytes": [1] * 7,
        "groups": [np.nan, 1, 1, 2, 8, 8, np.nan],
        "channels_in": [np.nan, 8, 8, 8, 8, 8, np.nan],
        "kernel_height": [np.nan, 1, 3, 3, 3, 7, np.nan],
    }
    ops = ["input", *["conv2d"] * 5, "relu"]
    net = Architecture(ops, [(node, node + 1) for node in range(6)], attributes=columns)
    kinds = _kinds(Table(ArchitectureSet.from_architectures([net])))
    assert kinds.tolist() == [
        "",
        "pointwise convolution",
        "convolution",
        "grouped convolution",
        "depthwise convolution",
        "depthwise convolution of 7",
        "activation",
    ]


def test_operations_that_were_not_learnt_are_other_ones():
    known = some(20, RNG)
    model = KindCosts().fit(known, latency(known))
    columns = {name: [1.0, 1.0] for name in ("macs", "bytes", "groups", "channels_in", "kernel_height")}
    new = Table(ArchitectureSet.from_architectures([Architecture(["fft", "cumsum"], [(0, 1)], attributes=columns)]))
    assert np.isfinite(model.predict(new)).all()


@pytest.mark.parametrize(
    ("labels", "message"), [(np.zeros(5), "latency"), (np.ones(4), "4 latencies for 5 rows; give one for each")]
)
def test_labels_that_are_none_are_refused(labels, message):
    with pytest.raises(ArchflowError, match=message):
        KindCosts().fit(some(5, RNG), labels)


def test_without_their_attributes_convolutions_are_one_kind():
    columns = {"macs": [0, 1, 1], "bytes": [1, 1, 1], "groups": [np.nan, 1, 8]}
    net = Architecture(["input", "conv2d", "conv2d"], [(0, 1), (1, 2)], attributes=columns)
    assert _kinds(Table(ArchitectureSet.from_architectures([net]))).tolist() == ["", "conv2d", "conv2d"]


def test_convolutions_over_sequences_have_their_width():
    columns = {
        "macs": [1.0, 1.0, 1.0],
        "bytes": [1.0, 1.0, 1.0],
        "groups": [1.0, 1.0, 1.0],
        "channels_in": [8.0, 8.0, 8.0],
        "kernel_height": [1.0, np.nan, np.nan],
        "kernel_width": [1.0, 5.0, np.nan],
    }
    net = Architecture(["conv1d", "conv1d", "conv1d"], [(0, 1), (1, 2)], attributes=columns)
    kinds = _kinds(Table(ArchitectureSet.from_architectures([net])))
    assert kinds.tolist() == ["pointwise convolution", "convolution", "conv1d"]


def test_models_of_one_structure_are_divided():
    costs, measured = np.ones((10, 1)), np.linspace(1, 2, 10)
    assert _error(costs, measured, np.zeros(10), 1.0) == _error(costs, measured, np.arange(10), 1.0) > 0


def test_of_many_rows_some_choose_the_penalty_and_all_the_costs(monkeypatch):
    known, rows = some(60, RNG), []

    def noted(costs, measured, groups, penalty):
        rows.append(len(costs))
        return _error(costs, measured, groups, penalty)

    monkeypatch.setattr(kind_costs, "ENOUGH", 30)
    monkeypatch.setattr(kind_costs, "_error", noted)
    measured = latency(known)
    few = KindCosts().fit(known, measured)
    assert rows == [30] * len(PENALTIES)
    np.testing.assert_array_equal(few.weights, _fitted(few.costs(known), measured, few.penalty))


def test_nodes_without_costs_are_refused():
    plain = Table(ArchitectureSet.from_architectures([Architecture(["a", "b"], [(0, 1)])] * 6))
    with pytest.raises(ArchflowError, match="nodes have no attribute macs"):
        KindCosts().fit(plain, np.ones(6))


def test_errors_above_100_percent_count_in_full():
    costs, measured = np.ones((10, 1)), np.array([1.0] * 9 + [1e-3])
    assert _error(costs, measured, np.arange(10), 0.0) > 10  # the last is overestimated a thousandfold
