"""CATE's encoder against its definition, one graph at a time."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from archflow.encoders import CATE
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, norms_moved, reaches, transformer_layer


def reference(encoder: CATE, ids: Tensor, architecture: Architecture) -> Tensor:
    hears = reaches(architecture)
    for node in range(len(ids)):
        if not hears[node].any():
            hears[node] = True
    x = encoder.operations.weight[0][ids] * math.sqrt(encoder.dim)
    for layer in encoder.layers:
        x = transformer_layer(layer, x, hears)  # type: ignore[arg-type]
    return layer_norm(encoder.norm, x)


def reference_embedding(encoder: CATE, ids: Tensor, architecture: Architecture) -> Tensor:
    sinks = adjacency(architecture).sum(1) == 0
    return reference(encoder, ids, architecture)[sinks].mean(0, keepdim=True)


def made(architectures: ArchitectureSet) -> CATE:
    with seeded(3):
        return norms_moved(CATE(len(architectures.vocabulary), 16, 3)).eval()


@torch.no_grad()
def test_embeddings_are_those_of_the_definition():
    architectures = random_architectures(24, seed=1)
    encoder, batch = made(architectures), Batch(architectures)
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(batch), expected, rtol=1e-4, atol=1e-4)
    expected = graph_by_graph(architectures, partial(reference_embedding, encoder))
    torch.testing.assert_close(encoder.embed(batch), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_node_does_not_see_what_does_not_depend_on_it(architectures):
    """In a chain, the operation of the first node reaches no later one but the sink, which hears all."""
    chains = [
        Architecture((first, "conv1x1", "pool", "output"), ((0, 1), (1, 2), (2, 3))) for first in ("input", "pool")
    ]
    pair = ArchitectureSet.from_architectures(chains, architectures.vocabulary)
    encoder = CATE(len(architectures.vocabulary), 16, 1).eval()
    first, second = encoder(Batch(pair)).split(4)
    differs = (first - second).abs().amax(1) > 1e-4
    assert differs.tolist() == [True, False, False, True]


def test_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 20 must be a multiple of its 8 heads"):
        CATE(5, 20)
