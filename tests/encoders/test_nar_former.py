"""NAR-Former against its definition, one graph at a time."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from archflow.encoders import NARFormer
from archflow.encoders.nar_former import Fusion
from archflow.encoders.waves import waves
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import (
    adjacency,
    attend,
    graph_by_graph,
    layer_norm,
    linear,
    norms_moved,
    perceptron,
    topological_numbers,
    transformer_layer,
)


def code(number: int, count: int) -> Tensor:
    angles = [math.pi * number * (1 + k / 31) for k in range(count)]
    return torch.tensor([math.sin(a) for a in angles] + [math.cos(a) for a in angles])


def reference_tokens(encoder: NARFormer, ids: Tensor, architecture: Architecture) -> Tensor:
    """Depth, end, then the nodes."""
    edges, numbers, count = adjacency(architecture), topological_numbers(architecture), encoder.dim // 6
    depth = torch.relu(linear(encoder.size, code(len(ids), encoder.dim // 2)))
    tokens = [depth, torch.cat([code(100_000, count)] * 3)]
    for node, op in enumerate(ids.tolist()):
        before = edges[:, node].nonzero()[:, 0].tolist()
        source = torch.stack([code(numbers[u], count) for u in before]).sum(0) if before else code(-1, count)
        tokens.append(torch.cat([code(op, count), code(numbers[node], count), source]))
    x = torch.stack([torch.nn.functional.pad(token, (0, encoder.dim - len(token))) for token in tokens])
    for layer in encoder.layers:
        x = transformer_layer(layer, x)  # type: ignore[arg-type]
    return x


def reference_fusion(layer: Fusion, queries: Tensor, x: Tensor) -> Tensor:
    key, value = linear(layer.key_value, layer_norm(layer.before_attention, x)).chunk(2, 1)
    y = linear(layer.mix, attend(queries, key, value, 6))
    return y + perceptron(layer.perceptron, layer_norm(layer.before_perceptron, y))


def reference_embedding(encoder: NARFormer, ids: Tensor, architecture: Architecture) -> Tensor:
    tokens = reference_tokens(encoder, ids, architecture)
    four, two, one = (query[0] for query in encoder.queries)
    y = reference_fusion(encoder.stages[0], four, tokens)  # type: ignore[arg-type]
    for i, learned in ((0, two), (1, one)):
        again = linear(encoder.return_query[i], layer_norm(encoder.before_return[i], y))  # type: ignore[arg-type]
        y = reference_fusion(encoder.returns[i], again, tokens)  # type: ignore[arg-type]
        y = reference_fusion(encoder.stages[i + 1], learned, y)  # type: ignore[arg-type]
    return layer_norm(encoder.norm, y)


def made(architectures: ArchitectureSet, width: int = 20) -> NARFormer:
    with seeded(3):
        return norms_moved(NARFormer(len(architectures.vocabulary), width, 2)).eval()


@torch.no_grad()
def test_embeddings_are_those_of_the_definition():
    architectures = random_architectures(12, seed=1)
    encoder, batch = made(architectures), Batch(architectures)
    expected = graph_by_graph(architectures, partial(reference_embedding, encoder))
    torch.testing.assert_close(encoder.embed(batch), expected, rtol=1e-4, atol=1e-4)
    nodes = graph_by_graph(architectures, lambda i, a: layer_norm(encoder.norm, reference_tokens(encoder, i, a))[2:])
    torch.testing.assert_close(encoder(batch), nodes, rtol=1e-4, atol=1e-4)


def test_waves_are_the_published_frequencies_at_whole_numbers():
    """From pi to 2^31 pi in 32 equal steps; whole turns at whole numbers are left out."""
    numbers = torch.tensor([-1, 0, 1, 2, 7, 31])
    steps = np.arange(32)
    # k (2^31 - 1) / 31 in whole numbers and a remainder, so that no digit is lost.
    whole, rest = np.divmod(steps * (2**31 - 1), 31)
    angle = np.pi * (numbers.numpy()[:, None] * (1 + whole) % 2 + numbers.numpy()[:, None] * rest / 31)
    expected = np.concatenate([np.sin(angle), np.cos(angle)], 1)
    np.testing.assert_allclose(waves(numbers, 32).numpy(), expected, atol=1e-6)


def test_waves_tell_numbers_apart():
    codes = waves(torch.arange(-1, 60), 32)
    assert float((torch.cdist(codes, codes) + 100 * torch.eye(len(codes))).min()) > 0.5


def test_the_depth_is_seen(architectures):
    """Isolated nodes of one operation: only their number differs."""
    some = [Architecture(("pool",) * count, ()) for count in (3, 4)]
    both = ArchitectureSet.from_architectures(some, architectures.vocabulary)
    with torch.no_grad():
        first, second = made(architectures).embed(Batch(both))
    assert float((first - second).abs().max()) > 1e-3


def test_published_size():
    """4.8 million parameters, the head's 193 among them."""
    count = sum(parameter.numel() for parameter in NARFormer(5).parameters()) + 193
    assert abs(count / 1e6 - 4.8) < 0.05


@pytest.mark.parametrize("width", [4, 21])
def test_tokens_are_sines_and_cosines(width):
    with pytest.raises(ArchflowError, match=f"width {width} must be even and at least 6"):
        NARFormer(5, width)
