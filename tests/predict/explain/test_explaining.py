"""Explanations: counterfactuals are predictions, and do not depend on how nodes are numbered."""

from __future__ import annotations

import json

import numpy as np
import pytest

import archflow
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.predict.base import Predictor
from archflow.predict.explain.explanation import Explanation
from archflow.spaces import NASBench201
from tests.predict.learnable import predictor, target

DIAMOND = Architecture(
    ("input", "conv3x3", "conv3x3", "skip", "output"), ((0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4))
)


@pytest.fixture(scope="module")
def networks(architectures):
    return _fitted(predictor(architectures, members=3), architectures)


@pytest.fixture(scope="module")
def stack(architectures):
    found = StackedPredictor(components=["ridge"], features=["counts", "paths"])
    return _fitted(found, architectures)


@pytest.fixture(params=["networks", "stack"])
def fitted(request) -> Predictor:
    return request.getfixturevalue(request.param)


def _fitted(made, architectures):
    made.fit(architectures, target(architectures))
    return made


def _one_of(architectures: ArchitectureSet) -> Architecture:
    """One with several nodes inside."""
    return max((architectures[row] for row in range(20)), key=lambda each: len(each.edges))


def test_effects_are_differences_of_predictions(fitted, architectures):
    one = _one_of(architectures)
    found = fitted.explain(one, table=Table(architectures))
    assert isinstance(found, Explanation)
    base = float(np.ravel(fitted.predict(one).mean)[0])
    assert found.prediction == pytest.approx(base, rel=1e-5)
    changes = [each for each in found.changes if each.kind == "operation"]
    assert changes
    for change in changes[:5]:
        (node,), after = change.nodes, change.text.rsplit(" ", 1)[1]
        by_hand = Architecture((*one.ops[:node], after, *one.ops[node + 1 :]), one.edges)
        expected = float(np.ravel(fitted.predict(by_hand).mean)[0])
        assert change.prediction == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert change.effect.value == pytest.approx(expected - base, rel=1e-3, abs=1e-5)
    removed = next(each for each in found.changes if each.kind == "edge")
    without = Architecture(one.ops, tuple(edge for edge in one.edges if edge != removed.edge))
    assert removed.prediction == pytest.approx(float(np.ravel(fitted.predict(without).mean)[0]), rel=1e-4, abs=1e-6)


def test_deviations_are_of_pairs(stack, architectures):
    one = _one_of(architectures)
    found = stack.explain(one, table=Table(architectures))
    change = next(each for each in found.changes if each.kind == "edge")
    without = Architecture(one.ops, tuple(edge for edge in one.edges if edge != change.edge))
    both = stack.by_model(ArchitectureSet.from_architectures([one, without])).models[:, :, 0]
    other = next(each for each in found.changes if each.kind == "operation")
    (node,), after = other.nodes, other.text.rsplit(" ", 1)[1]
    changed = Architecture((*one.ops[:node], after, *one.ops[node + 1 :]), one.edges)
    more = stack.by_model(ArchitectureSet.from_architectures([one, changed])).models[:, :, 0]
    ratio = (both[:, 1] - both[:, 0]).std() / (more[:, 1] - more[:, 0]).std()
    assert change.effect.std / other.effect.std == pytest.approx(ratio, rel=1e-3)


def test_the_models_are_widened_to_the_calibrated_deviation(stack, architectures):
    forecast = stack.forecast(architectures)
    widened = stack.by_model(architectures).widening * forecast.means.std(0)
    assert np.median(forecast.deviations * forecast.conformal.one_sigma / widened) == pytest.approx(1)


def test_the_best_change_is_first(fitted, architectures):
    values = [each.effect.value for each in fitted.explain(_one_of(architectures), table=Table(architectures)).changes]
    assert values == sorted(values, reverse=True)


def test_relabelling_permutes_attributions(fitted, architectures):
    one = _one_of(architectures)
    order = np.random.default_rng(0).permutation(len(one.ops)).tolist()
    other = one.relabelled(order)
    before, after = (fitted.explain(each, table=Table(architectures)) for each in (one, other))
    place = {node: i for i, node in enumerate(order)}
    for method, attribution in before.attributions.items():
        moved = after.attributions[method]
        for node, value in enumerate(attribution.nodes):
            assert moved.nodes[place[node]] == pytest.approx(value, rel=1e-3, abs=1e-5, nan_ok=True), method
        edges = dict(zip(after.edges, moved.edges, strict=True))
        for (source, end), value in zip(before.edges, attribution.edges, strict=True):
            assert edges[place[source], place[end]] == pytest.approx(value, rel=1e-3, abs=1e-5, nan_ok=True)
    assert len(before.changes) == len(after.changes)


def test_symmetric_nodes_have_equal_attributions(fitted, architectures):
    ops = architectures.vocabulary.ops
    diamond = Architecture((ops[0], ops[1], ops[1], ops[2], ops[0]), DIAMOND.edges)
    for attribution in fitted.explain(diamond, table=Table(architectures)).attributions.values():
        assert attribution.nodes[1] == pytest.approx(attribution.nodes[2], rel=1e-4, abs=1e-6, nan_ok=True)
        assert attribution.edges[0] == pytest.approx(attribution.edges[1], rel=1e-4, abs=1e-6, nan_ok=True)


def test_in_a_space_only_its_neighbours_are_changes(architectures):
    space = NASBench201()
    cells = space.sample(30, np.random.default_rng(0))
    flops = space.costs(cells)["flops"] / 1e6
    fitted = StackedPredictor(components=["ridge"], features=["counts"], objective="log", columns=[])
    fitted.fit(Table(cells), flops, metrics=["mflops"])
    found = fitted.explain(cells[0], space=space)
    assert found.valid == "neighbours in nasbench201"
    assert len(found.changes) == 24
    assert {each.kind for each in found.changes} == {"operation"}
    assert found.unit == "%"
    change = found.changes[0]
    assert change.effect.value == pytest.approx(100 * (change.prediction / found.prediction - 1))
    inner = found.blocks[1]
    assert inner.instead in ("none", "skip_connect")


def test_measured_effects_are_those_of_the_table():
    table = archflow.load("digits201").select(np.arange(400))
    fitted = StackedPredictor(components=["ridge"], features=["counts"], columns=[])
    fitted.fit(table, metrics=["test_accuracy"])
    values, hashes = table.metric("test_accuracy"), table.architectures.hashes.tolist()
    space, known = NASBench201(), 0
    for row in range(20):
        found = fitted.explain(table.select([row]), table=table, space=space)
        around = space.neighbours(table.architectures[row])
        expected = [values[hashes.index(h)] - values[row] for h in around.hashes.tolist() if h in hashes]
        measured = [each.measured for each in found.changes if each.measured == each.measured]
        assert sorted(measured) == pytest.approx(sorted(expected))
        known += len(measured)
    assert known > 0


def test_columns_that_a_changed_architecture_lacks_are_left_out_on_both_sides():
    table = archflow.load("digits201").select(np.arange(120))
    fitted = StackedPredictor(components=["ridge"], features=["columns"], columns=["params"])
    fitted.fit(table, metrics=["test_accuracy"])
    found = fitted.explain(table.select([3]), table=table, space=NASBench201())
    assert any("are not in the table" in note for note in found.notes)
    unknown = [each for each in found.changes if each.measured != each.measured]
    assert unknown
    # Nothing but the column is read, so that without it all are alike.
    assert all(abs(each.effect.value) < 1e-9 for each in unknown)


def test_no_more_changes_than_wanted(stack, architectures):
    found = stack.explain(_one_of(architectures), table=Table(architectures), most=5)
    assert len(found.changes) == 5
    assert any("changes are predicted" in note for note in found.notes)
    every = stack.explain(_one_of(architectures), table=Table(architectures))
    removals = sum(each.kind in ("node", "edge") for each in every.changes)
    some = stack.explain(_one_of(architectures), table=Table(architectures), most=removals + 2)
    assert sum(each.kind in ("node", "edge") for each in some.changes) == removals


def test_json_has_no_nan(fitted, architectures):
    found = fitted.explain(_one_of(architectures), table=Table(architectures))
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert len(content["changes"]) == len(found.changes)
    assert set(content["attributions"]) == set(found.attributions)


def test_one_network_has_no_deviation(architectures):
    found = _fitted(predictor(architectures), architectures).explain(architectures[0], table=Table(architectures))
    assert all(each.effect.std != each.effect.std for each in found.changes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Architecture(("input", "strange", "output"), ((0, 1), (1, 2))), "strange"),
        ("|nor_conv~0|", "not an architecture"),
        (None, "not an architecture"),
    ],
)
def test_what_cannot_be_explained_is_refused(networks, given, message):
    with pytest.raises(ArchflowError, match=message):
        networks.explain(given)


def test_what_has_several_rows_or_another_metric_is_refused(stack, architectures):
    with pytest.raises(ArchflowError, match="select the one"):
        stack.explain(Table(architectures))
    with pytest.raises(ArchflowError, match="has learnt"):
        stack.explain(architectures[0], metric="other")
    with pytest.raises(ArchflowError, match="not a NAS-Bench-201 cell"):
        stack.explain(architectures[0], space=NASBench201())
    with pytest.raises(ArchflowError, match="call fit or load first"):
        StackedPredictor(components=["ridge"]).explain(architectures[0])


def test_a_single_node_is_explained(networks, architectures):
    found = networks.explain(Architecture((architectures.vocabulary.ops[0],), ()))
    assert found.changes == ()
    assert len(found.attributions["counterfactual"].nodes) == 1


def test_changes_beyond_the_table_are_noted(stack, architectures):
    one = _one_of(architectures)
    small = Table(architectures.select(np.flatnonzero(architectures.node_counts == len(one.ops))))
    notes = stack.explain(one, table=small).notes
    assert any("leave the range of the table's rows" in line for line in notes)
    assert not any("leave the range" in line for line in stack.explain(one).notes)
