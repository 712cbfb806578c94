"""NAR-Former V2 against its equations, one graph at a time."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import NARFormerV2
from archflow.encoders.nar_former_v2 import GroupedLinear, NARFormerV2Layer
from archflow.encoders.waves import waves
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, linear, norms_moved, topological_numbers


def reference_groups(layer: GroupedLinear, x: Tensor) -> Tensor:
    groups = layer.weight.shape[1]
    parts = [
        layer_norm(layer.norm, part @ layer.weight[0, g] + layer.bias[0, g])
        for g, part in enumerate(x.chunk(groups, 1))
    ]
    return torch.cat(parts, 1)


def reference_layer(layer: NARFormerV2Layer, x: Tensor, edges: Tensor) -> Tensor:
    attention = layer.attention
    x = x * torch.sigmoid(linear(attention.degree, edges.sum(1, keepdim=True)))
    state = torch.sigmoid(linear(attention.score, x))
    heard = torch.zeros_like(x)
    for node in range(len(x)):
        neighbours = edges[node].nonzero()[:, 0].tolist()
        scores = [state[node] @ state[u] / math.sqrt(x.shape[1]) for u in neighbours]
        for u, score in zip(neighbours, scores, strict=True):
            heard[node] += score / (sum(scores) + 1e-6) * x[u]
    y = linear(attention.neighbours, heard) + linear(attention.own, x)
    x = torch.relu(y / y.norm(dim=1, keepdim=True))
    hidden = torch.relu(reference_groups(layer.hidden, layer_norm(layer.norm, x)))
    return x + layer.scale[0] * reference_groups(layer.out, hidden)


def reference(encoder: NARFormerV2, ids: Tensor, architecture: Architecture) -> Tensor:
    x = torch.cat([waves(ids, 32), waves(torch.tensor(topological_numbers(architecture)), 32)], 1)
    edges = adjacency(architecture)
    layers = []
    for layer in encoder.layers:
        assert isinstance(layer, NARFormerV2Layer)
        x = reference_layer(layer, x, edges + edges.T)
        layers.append(x)
    means = torch.cat([h.mean(0) for h in layers])
    weights = torch.sigmoid(linear(encoder.weigh, F.relu(linear(encoder.weigh_hidden, means))))
    return torch.stack([w * h for w, h in zip(weights, layers, strict=True)]).sum(0)


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(16, seed=1)
    with seeded(3):
        encoder = norms_moved(NARFormerV2(len(architectures.vocabulary), 16, 3, groups=4)).eval()
        for name, parameter in encoder.named_parameters():
            if name.endswith(("scale", "bias")):  # next to nothing in a fresh one
                parameter.normal_()
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-4)


def test_groups_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 20 must be a multiple of its 8 groups"):
        NARFormerV2(5, 20)
