"""The input layer that all encoders share."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS, AdjacencyMLP, GatedGCN, PathMLP
from archflow.encoders.inputs import LookedUp, NodeInput, OfNodes, attribute_features, one_hot
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.cell_pairs import paired

NAMES = ("kernel", "width")
PLAIN = random_architectures(20, seed=5)
DESCRIBED = random_architectures(20, seed=5, attributes=NAMES)
FRESH = json.loads(Path(__file__).with_name("fresh.json").read_text())
"""Entries of every encoder's embedding before there were attributes."""


def encoder_of(name: str, **config):
    architectures = paired(PLAIN) if ENCODERS.get(name).reads_pairs else PLAIN
    with seeded(0):
        return ENCODERS.get(name)(n_ops=len(PLAIN.vocabulary), width=48, **config).eval(), architectures


def test_a_node_is_its_operation_and_its_attributes():
    layer, table = NodeInput(2, 6), torch.randn(1, 5, 6)
    batch = Batch(DESCRIBED)
    found = layer(table, batch).values
    weight = layer.attributes.weight[0]  # type: ignore[union-attr]
    for node, (op, values) in enumerate(zip(DESCRIBED.op, DESCRIBED.attributes, strict=True)):  # type: ignore[arg-type]
        expected = table[0, op].clone()
        for i, value in enumerate(values.tolist()):
            expected += weight[2 + i] if np.isnan(value) else value * weight[i]
        torch.testing.assert_close(found[node], expected)


def test_a_linear_layer_on_features_is_the_same_layer():
    layer, table = NodeInput(2, 6), torch.randn(1, 5, 6)
    batch = Batch(DESCRIBED)
    weight = torch.cat([table[0], layer.attributes.weight[0]])  # type: ignore[union-attr]
    torch.testing.assert_close(one_hot(batch, 5, 2, table.dtype) @ weight, layer(table, batch).values)


def test_without_attributes_the_layer_is_a_table():
    layer, table = NodeInput(0, 6), torch.randn(3, 5, 6)
    batch = Batch(PLAIN, np.arange(18).reshape(3, 6))
    assert not list(layer.parameters())
    entering = layer(table, batch)
    assert isinstance(entering, LookedUp)
    assert torch.equal(entering.values, table[batch.member, batch.op])


@pytest.mark.parametrize("layout", ["padded", "leveled"])
def test_both_kinds_of_values_fill_the_same_layouts(layout):
    batch = Batch(PLAIN, np.arange(18).reshape(3, 6))
    looked_up = NodeInput(0, 6)(torch.randn(3, 5, 6), batch)
    by_node = OfNodes(looked_up.values, batch)
    there = batch.padded.mask.view(3, -1) if layout == "padded" else batch.leveled.mask
    assert torch.equal(getattr(looked_up, layout)[there], getattr(by_node, layout)[there])
    assert torch.equal(looked_up.map(torch.relu).values, by_node.map(torch.relu).values)


@pytest.mark.parametrize("name", ENCODERS.names())
def test_without_attributes_the_numbers_are_those_of_before(name):
    encoder, architectures = encoder_of(name)
    assert not [key for key in encoder.state_dict() if "inputs" in key]
    with torch.no_grad():
        found = encoder.embed(Batch(architectures))[::5, :: encoder.dim // 4][:, 1]
    torch.testing.assert_close(found, torch.tensor(FRESH[name]), rtol=1e-4, atol=1e-5)


# PACE's canonical labels tell nodes with other attributes apart.
@pytest.mark.parametrize("name", sorted({*ENCODERS.names()} - {"pace", "flowerformer_two_cell"}))
def test_an_encoder_that_reads_none_sees_none(name):
    encoder, plain = encoder_of(name)
    with torch.no_grad():
        assert torch.equal(encoder.embed(Batch(DESCRIBED)), encoder.embed(Batch(plain)))


def test_another_number_of_attributes_is_refused():
    with pytest.raises(
        ArchflowError, match="reads 3 node attributes, these architectures have 2; build it with n_attr"
    ):
        GatedGCN(5, n_attributes=3).embed(Batch(DESCRIBED))
    with pytest.raises(ArchflowError, match="reads 1 node attributes, these architectures have 0"):
        GatedGCN(5, n_attributes=1).embed(Batch(PLAIN))


def test_hidden_operations_hide_their_attributes():
    batch = Batch(DESCRIBED)
    hidden = batch.with_ops(batch.op, hidden=torch.arange(5))
    assert torch.equal(attribute_features(hidden, 2, torch.float32)[:5], torch.tensor([[0.0, 0, 1, 1]] * 5))


def vectors(encoder, architectures) -> torch.Tensor:
    """(B, F) what the first layer of a classical encoding reads."""
    found = torch.zeros(len(architectures), encoder.first.weight.shape[1])
    for features in encoder.features(Batch(architectures)):
        values = torch.ones(len(features.entry)) if features.values is None else features.values
        row = torch.repeat_interleave(features.bounds.diff())
        found.index_put_((row, features.entry), values, accumulate=True)
    return found


def test_classical_encodings_hold_the_attributes_behind_their_bits():
    batch = Batch(DESCRIBED)
    features = attribute_features(batch, 2, torch.float32)
    adjacency = vectors(AdjacencyMLP(5, 8, max_nodes=9, n_attributes=2), DESCRIBED)[:, 9 * (9 + 5) :].view(20, 9, 4)
    paths = vectors(PathMLP(5, 8, n_attributes=2), DESCRIBED)[:, -4:]
    for row, own in enumerate(features.split(batch.sizes.tolist())):
        rank = batch.rank[batch.graph == row]
        assert torch.equal(adjacency[row, rank], own)
        assert not adjacency[row, len(own) :].any()
        torch.testing.assert_close(paths[row], own.mean(0))
