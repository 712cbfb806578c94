"""PINAT against its equations, one graph at a time."""

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import PINAT
from archflow.encoders.pinat import PINATLayer, SetConvolution, SetConvolutions
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import check_encoder, random_architectures
from tests.encoders.plain_torch import (
    adjacency,
    graph_by_graph,
    layer_norm,
    linear,
    norms_moved,
    self_attend,
    topological_numbers,
)


def reference_convolution(layer: SetConvolution, x: Tensor, edges: Tensor) -> Tensor:
    """Node by node, channel by channel."""
    _, channels, heads, _ = layer.mix.shape
    told = linear(layer.spread, x).view(len(x), channels, heads)
    y = torch.zeros(len(x), channels, heads)
    for node in range(len(x)):
        heard = [node, *edges[:, node].nonzero()[:, 0].tolist()]
        for c in range(channels):
            s = F.leaky_relu(layer.scale[0, c, 0, 0] * told[heard, c] + layer.shift[0, c], 0.2).sum(0)
            y[node, c] = layer.weight[0, c] * F.leaky_relu(s @ layer.mix[0, c] + layer.bias[0, c], 0.2)
    return y.flatten(1) if layer.concat else y.sum(2)


def reference_convolutions(stack: SetConvolutions, x: Tensor, edges: Tensor) -> Tensor:
    for step, (convolution, skip) in enumerate(zip(stack.convolutions, stack.skips, strict=True)):
        assert isinstance(convolution, SetConvolution)
        x = reference_convolution(convolution, x, edges) + linear(skip, x)  # type: ignore[arg-type]
        x = F.elu(x) if step < 2 else x
    return x


def reference_layer(layer: PINATLayer, x: Tensor, edges: Tensor) -> Tensor:
    both = torch.cat([reference_convolutions(layer.sets, x, edges), self_attend(layer.attention, x)], 1)
    x = layer_norm(layer.after_attention, x + linear(layer.mix, both))
    hidden = torch.relu(linear(layer.perceptron.hidden, x))
    return layer_norm(layer.after_perceptron, x + linear(layer.perceptron.out, hidden))


def reference(encoder: PINAT, ids: Tensor, architecture: Architecture) -> Tensor:
    edges, ops = adjacency(architecture), F.one_hot(ids, encoder.n_ops).float()
    numbers = topological_numbers(architecture)
    laplacian = torch.zeros(len(ids), encoder.config["max_nodes"])
    laplacian[:, numbers] = torch.diag(edges.sum(1)) - edges
    x = linear(encoder.operations, ops) + linear(encoder.positions, laplacian)
    x = layer_norm(encoder.before, x + reference_convolutions(encoder.sets, ops, edges))
    for layer in encoder.layers:
        assert isinstance(layer, PINATLayer)
        x = reference_layer(layer, x, edges)
    return x


def made(architectures: ArchitectureSet, **options) -> PINAT:
    with seeded(3):
        encoder = norms_moved(PINAT(len(architectures.vocabulary), 12, 2, hidden=20, **options)).eval()
        for name, parameter in encoder.named_parameters():
            if name.endswith(("shift", "bias")):  # zeros in a fresh one
                torch.nn.init.normal_(parameter, std=0.5)
    return encoder


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(10, seed=1)
    encoder, batch = made(architectures, max_nodes=10), Batch(architectures)
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(batch), expected, rtol=1e-4, atol=1e-4)


def test_numbers_follow_the_levels():
    """The same cell, its nodes renumbered so that no two of one level change places: the same embedding."""
    cell = Architecture(("input", "conv3x3", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    other = cell.relabelled([3, 1, 0, 2])  # its nodes: output, conv, input, pool
    both = ArchitectureSet.from_architectures([cell, other])
    with torch.no_grad():
        first, second = made(both).embed(Batch(both))
    torch.testing.assert_close(first, second)


def test_published_size():
    """0.55 million parameters, with a head of 80 x 96 + 96 that is not ours."""
    count = sum(parameter.numel() for parameter in PINAT(5, max_nodes=7).parameters()) + 80 * 96 + 96
    assert abs(count / 1e6 - 0.55) < 0.03


def test_more_nodes_than_numbers_are_refused(architectures):
    with pytest.raises(ArchflowError, match="has 9 nodes, the encoder can number 8; build it with a larger max_nodes"):
        made(architectures, max_nodes=8)(Batch(architectures))


def test_the_contract_holds_for_few_numbers(architectures):
    small = architectures.select(np.flatnonzero(architectures.node_counts <= 4))
    check_encoder(made(small, max_nodes=4), small)
