"""The GraphGPS-style encoder against its equations, one graph at a time."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from archflow.encoders import GPS
from archflow.encoders.gps import GPSLayer
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import (
    adjacency,
    batch_norm,
    graph_by_graph,
    linear,
    norms_moved,
    perceptron,
    self_attend,
)


def levels(architecture: Architecture) -> list[int]:
    level = [0] * len(architecture.ops)
    for _ in level:
        for source, target in architecture.edges:
            level[target] = max(level[target], level[source] + 1)
    return level


def reference_layer(layer: GPSLayer, x: Tensor, neighbours: Tensor) -> Tensor:
    skip, key, query, value = linear(layer.convolution.projections, x).chunk(4, 1)
    near = skip + torch.stack(
        [sum((torch.sigmoid(k + query[u]) * value[u] for u in around), torch.zeros(x.shape[1]))
         for k, around in zip(key, (row.nonzero()[:, 0].tolist() for row in neighbours), strict=True)]
    )  # fmt: skip
    far = linear(layer.mix, self_attend(layer.attention, x))
    x = batch_norm(layer.norm_convolution, x + torch.relu(near)) + batch_norm(layer.norm_attention, x + far)
    return batch_norm(layer.norm, x + perceptron(layer.perceptron, x))


def reference(encoder: GPS, ids: Tensor, architecture: Architecture) -> Tensor:
    edges, dim = adjacency(architecture), encoder.dim
    frequency = torch.tensor([10_000 ** (-i / dim) for i in range(0, dim, 2)])
    angle = torch.tensor(levels(architecture))[:, None] * frequency
    x = encoder.operations.weight[0][ids] + torch.cat([angle.sin(), angle.cos()], 1)
    for layer in encoder.layers:
        assert isinstance(layer, GPSLayer)
        x = reference_layer(layer, x, edges + edges.T)
    return x


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(24, seed=1)
    with seeded(3):
        encoder = norms_moved(GPS(len(architectures.vocabulary), 16, 2)).eval()
    expected = graph_by_graph(architectures, partial(reference, encoder))
    assert math.isfinite(float(expected.sum()))
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("width", [18, 5])
def test_heads_must_divide_the_width(width):
    with pytest.raises(ArchflowError, match=f"width {width} must be even and a multiple of its"):
        GPS(5, width, heads=5 if width == 5 else 4)
