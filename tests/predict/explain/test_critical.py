"""CARL's scores as attributions."""

from __future__ import annotations

import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.explain.attributions import of_networks
from archflow.predict.explain.contract import Networks
from archflow.predict.explain.critical import critical_scores
from archflow.predict.explain.soft_operations import SoftOperations
from archflow.testing import random_architectures
from tests.predict.explain.test_gradients import network


def test_scores_are_those_of_the_encoder():
    architectures = random_architectures(6, seed=2)
    one, carl = architectures[1], network("carl", architectures)
    found = critical_scores([carl, carl], one)
    assert found is not None
    batch = Batch(ArchitectureSet.from_architectures([one], architectures.vocabulary))
    nodes, edges = carl.model.encoder.importance(batch)  # pyright: ignore[reportCallIssue]  # it is CARL
    np.testing.assert_allclose(found[0], nodes.detach().numpy(), rtol=1e-5)
    order = zip(batch.edges.source.tolist(), batch.edges.target.tolist(), strict=True)
    place = {edge: row for row, edge in enumerate(order)}
    np.testing.assert_allclose(found[1], edges.detach().numpy()[[place[edge] for edge in one.edges]], rtol=1e-5)


def test_edges_that_a_view_makes_have_no_place():
    ops = ("input", "skip_connect", "conv", "output")
    one = Architecture(ops, ((0, 1), (1, 3), (0, 2), (2, 3)))
    known = ArchitectureSet.from_architectures([one])
    found = critical_scores([network("carl", known, view="contracted")], one)
    assert found is not None
    assert np.isnan(found[0]).tolist() == [False, True, False, False]
    assert np.isnan(found[1]).tolist() == [True, True, False, False]


def test_other_encoders_have_none():
    architectures = random_architectures(6, seed=2)
    networks = [network("gin", architectures)]
    assert critical_scores(networks, architectures[0]) is None
    notes: list[str] = []
    assert list(of_networks(Networks(networks, "score"), architectures[0], [], notes)) == ["integrated_gradients"]
    assert notes == []


def test_pure_mixtures_are_read_as_operations():
    architectures = random_architectures(6, seed=2)
    batch = Batch(architectures)
    for kind in ("gin", "gated_gcn", "carl"):
        model = network(kind, architectures).model
        assert SoftOperations(model, len(batch.op)).reads(model, batch)
