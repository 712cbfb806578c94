import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.predict.latency_baselines import BASELINES, ColumnSum, OperationSum, Roofline
from archflow.predict.latency_costs import total
from archflow.predict.latency_scores import latency_scores, print_latency_scores
from archflow.testing import random_architectures


def networks(count, seed=0, **attributes):
    """Random graphs whose nodes have multiply-adds and bytes over several magnitudes."""
    generator = np.random.default_rng(seed)
    plain = random_architectures(count, seed=seed)
    names = attributes or {"macs": 7.0, "bytes": 5.0, "params": 3.0}
    return ArchitectureSet.from_architectures(
        [
            Architecture(
                each.ops,
                each.edges,
                {name: 10 ** generator.uniform(size - 2, size, len(each.ops)) for name, size in names.items()},
            )
            for each in plain
        ]
    )


def attribute(set_, name):
    return set_.attributes[:, set_.attribute_names.index(name)].astype(float)


def test_a_column_sum_finds_its_factors():
    set_ = networks(50)
    table = Table(set_, {"macs": np.arange(1.0, 51) * 1e6, "params": np.arange(50.0)[::-1] ** 2})
    latency = 2.0 + 3e-6 * table.metric("macs") + 0.01 * table.metric("params")
    baseline = ColumnSum("params", "macs").fit(table, latency)
    np.testing.assert_allclose(baseline.weights, [2.0, 0.01, 3e-6], rtol=1e-6)
    np.testing.assert_allclose(baseline.predict(table), latency)


def test_the_roofline_finds_peak_and_bandwidth():
    set_ = networks(80)
    macs, moved = attribute(set_, "macs"), attribute(set_, "bytes")
    latency = np.bincount(set_.node_owner, np.maximum(macs / 1e6, moved / 2e4)) + 0.5
    table = Table(set_, {})
    roofline = Roofline().fit(table, latency)
    np.testing.assert_allclose(roofline.predict(table), latency, rtol=0.1)
    assert roofline.ridge == pytest.approx(1e6 / 2e4, rel=0.3)


def test_the_operation_sum_finds_the_cost_of_operations_in_any_vocabulary():
    set_ = random_architectures(60, seed=3)
    cost = np.arange(1.0, len(set_.vocabulary.ops) + 1)
    latency = np.bincount(set_.node_owner, cost[set_.op])
    baseline = OperationSum().fit(Table(set_, {}), latency)
    again = ArchitectureSet.from_architectures(list(set_)[::-1])
    np.testing.assert_allclose(baseline.predict(Table(again, {})), latency[::-1], rtol=1e-6)
    new = Architecture(["never_seen"], [])
    alone = baseline.predict(Table(ArchitectureSet.from_architectures([new]), {}))
    assert alone[0] == pytest.approx(latency.min() / 2)


@pytest.mark.parametrize("name", BASELINES)
def test_predictions_are_positive_and_scale_with_the_unit(name):
    table = Table(networks(40), {})
    generator = np.random.default_rng(1)
    latency = 10 ** generator.uniform(-2, 2, 40)
    predicted = BASELINES[name]().fit(table, latency).predict(table)
    assert predicted.shape == (40,)
    assert (predicted > 0).all()
    thousand = BASELINES[name]().fit(table, latency * 1000).predict(table)
    # Trees compare numbers that are rounded to single precision.
    np.testing.assert_allclose(thousand, predicted * 1000, rtol=1e-3 if name == "boosted trees" else 1e-6)


@pytest.mark.parametrize("name", BASELINES)
def test_what_cannot_be_fitted_is_one_line(name):
    table = Table(networks(5), {})
    with pytest.raises(ArchflowError, match="the latency in row 0 is 0"):
        BASELINES[name]().fit(table, np.arange(5.0))
    with pytest.raises(ArchflowError, match="3 latencies for 5 rows"):
        BASELINES[name]().fit(table, [1.0, 2.0, 3.0])


def test_costs_are_columns_or_sums_over_nodes():
    set_ = networks(6)
    np.testing.assert_allclose(
        total(Table(set_, {}), "macs"), np.bincount(set_.node_owner, attribute(set_, "macs")), rtol=1e-6
    )
    np.testing.assert_array_equal(total(Table(set_, {"flops": np.arange(6.0)}), "macs"), np.arange(6.0))
    np.testing.assert_array_equal(total(Table(set_, {}), "nodes"), set_.node_counts)
    with pytest.raises(ArchflowError, match="neither a column nor a node attribute macs or flops"):
        total(Table(random_architectures(3, seed=0), {}), "macs")
    with pytest.raises(ArchflowError, match="row 1: macs is -1"):
        total(Table(set_, {"macs": np.array([1.0, -1, 1, 1, 1, 1])}), "macs")


def test_all_baselines_side_by_side(capsys):
    set_ = networks(60)
    latency = 1 + np.bincount(set_.node_owner, attribute(set_, "macs")) / 1e6
    table = Table(set_, {"latency_ms": latency})
    learnt, judged = table.select(np.arange(40)), table.select(np.arange(40, 60))
    scores = latency_scores(learnt, judged, "latency_ms")
    assert list(scores) == list(BASELINES)
    flops = scores["flops"]
    assert isinstance(flops, dict)
    assert flops["mape"] < 1e-3
    assert flops["within_5"] == flops["spearman"] == flops["kendall"] == 1
    print_latency_scores(learnt, judged.with_metrics({"latency_ms": judged.metric("latency_ms") / 1000}), "latency_ms")
    first, heading, *rows = capsys.readouterr().out.splitlines()
    assert "if these are seconds, multiply by 1,000; they were taken as they are" in first
    assert heading.split()[:2] == ["baseline", "MAPE"]
    assert len(rows) == len(BASELINES)


def test_what_a_table_lacks_is_said_in_place_of_scores(capsys):
    table = Table(random_architectures(20, seed=0), {"latency_ms": np.arange(1.0, 21)})
    scores = latency_scores(table, table, "latency_ms")
    assert "neither a column nor a node attribute" in str(scores["roofline"])
    assert not isinstance(scores["operation sum"], str)
    print_latency_scores(table, table, "latency_ms")
    assert "roofline        the table has neither" in capsys.readouterr().out
