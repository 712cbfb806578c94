"""Integrated gradients: they add up, for every encoder that reads operations one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archflow.encoders import ENCODERS, create
from archflow.encoders.base import encoders_of
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.predict import NetworkPredictor
from archflow.predict.components.networks import Networks
from archflow.predict.explain.contract import Network
from archflow.predict.explain.gradients import integrated_gradients
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.models import model_for
from archflow.predict.stacked import StackedPredictor
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.predict.learnable import target

ONE_BY_ONE = ("gated_gcn", "gin", "carl", "gps", "dagnn", "cate", "transformer", "operation_mlp", "gates")


def network(kind: str, architectures: ArchitectureSet, **options) -> Network:
    with seeded(1):
        embedder = create(kind, architectures, width=16, **options)
        return Network(model_for(embedder.encoder).eval(), embedder, 0, lambda start, end: 2.0)


def with_attributes(architectures: ArchitectureSet) -> ArchitectureSet:
    values = np.random.default_rng(0).normal(size=(len(architectures.op), 2)).astype(np.float32)
    values[::3, 1] = np.nan
    return architectures.with_attributes(values, ("kernel", "width"))


@pytest.mark.parametrize("kind", [kind for kind in ONE_BY_ONE if kind in ENCODERS.names()])
def test_contributions_sum_to_the_difference(kind):
    architectures = with_attributes(random_architectures(8, seed=3))
    one, ops = architectures[0], architectures.vocabulary.ops
    found = integrated_gradients([network(kind, architectures)], one, [ops] * len(one.ops))
    assert found.difference != 0
    assert np.nansum(found.nodes) == pytest.approx(found.difference, rel=0.02, abs=1e-4)


def test_the_difference_is_that_of_the_networks_part_in_a_blend():
    architectures = random_architectures(60, seed=3)
    one, ops = architectures[0], architectures.vocabulary.ops
    plain = Architecture((ops[1],) * len(one.ops), one.edges)
    embedder = create("gin", architectures, width=8, seed=0, readout="sum")
    fitted = StackedPredictor(embedder, components=[Networks(epochs=15), "process"], features=[])
    fitted.fit(architectures, target(architectures))
    weight = next(
        weight
        for weight, (component, _) in zip(fitted.fitted.blend.weights, fitted.fitted.parts, strict=True)
        if component.name == "networks"
    )
    before, after = fitted.guesses([plain, one])["networks"].mean.mean(0)
    members = fitted.networks(Table(architectures.select(np.array([0])))).networks
    found = integrated_gradients(members, one, [[ops[1]]] * len(one.ops))
    assert weight > 0
    assert found.difference == pytest.approx(weight * (after - before), rel=1e-3, abs=1e-5)
    assert found.nodes.sum() == pytest.approx(found.difference, rel=0.02, abs=1e-3)


def test_a_curved_scale_of_scores_changes_the_sum_but_not_the_parts():
    architectures = with_attributes(random_architectures(8, seed=3))
    one, ops = architectures[0], architectures.vocabulary.ops
    straight = network("gin", architectures)
    seen: list[tuple[float, float]] = []

    def cubic(start: float, end: float) -> float:
        seen.append((start, end))
        return (end**3 - start**3) / (end - start)

    curved = integrated_gradients([replace(straight, slope=cubic)], one, [ops] * len(one.ops))
    plain = integrated_gradients([straight], one, [ops] * len(one.ops))
    start, end = seen[0]
    assert curved.difference == pytest.approx(end**3 - start**3)
    assert np.nansum(curved.nodes) == pytest.approx(curved.difference, rel=0.02)
    ratio = curved.difference / plain.difference
    np.testing.assert_allclose(curved.nodes, ratio * plain.nodes, rtol=1e-6)


def test_the_difference_is_that_of_predictions():
    """With one operation for all nodes as the baseline, that is an architecture itself."""
    architectures = random_architectures(8, seed=3)
    one, ops = architectures[0], architectures.vocabulary.ops
    plain = Architecture((ops[1],) * len(one.ops), one.edges)
    with seeded(0):
        fitted = NetworkPredictor(
            create("gated_gcn", architectures, width=16), members=2, objective="squared", settings=FineTuneSettings(2)
        )
    fitted.fit(architectures, np.arange(8.0))
    members = fitted.networks(Table(architectures.select(np.array([0])))).networks
    found = integrated_gradients(members, one, [[ops[1]]] * len(one.ops))
    before, after = np.ravel(fitted.predict([plain, one]).mean)
    assert found.difference == pytest.approx(after - before, rel=1e-3, abs=1e-4)
    assert found.nodes.sum() == pytest.approx(after - before, rel=0.02, abs=1e-3)


def test_a_node_that_is_as_in_the_baseline_contributes_nothing():
    architectures = random_architectures(8, seed=3)
    one = architectures[0]
    baseline = [[op] for op in one.ops]
    baseline[1] = list(architectures.vocabulary.ops)
    found = integrated_gradients([network("gated_gcn", architectures)], one, baseline)
    assert np.count_nonzero(found.nodes) <= 1


def test_nodes_that_the_encoder_does_not_see_have_no_number():
    table = Table(random_architectures(8, seed=3))
    ops = table.architectures.vocabulary.ops
    dead = Architecture((ops[0], "none", ops[1], ops[0]), ((0, 1), (1, 3), (0, 2), (2, 3)))
    known = ArchitectureSet.from_architectures([dead, *table.architectures])
    found = integrated_gradients([network("gated_gcn", known, view="effective")], dead, [known.vocabulary.ops] * 4)
    assert np.isnan(found.nodes).tolist() == [False, True, False, False]


def test_encoders_that_read_operations_otherwise_are_refused():
    architectures = random_architectures(8, seed=3)
    refused = [kind for kind in ("path_mlp", "nar_former") if kind in encoders_of(architectures)]
    assert refused
    for kind in refused:
        with pytest.raises(ArchflowError, match="does not read operations one by one"):
            integrated_gradients([network(kind, architectures)], architectures[0], [architectures.vocabulary.ops] * 9)
