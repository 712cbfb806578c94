"""TG-NAS against its equations."""

from functools import partial

import pytest
import torch
from torch import Tensor

from archflow.encoders import TGNAS
from archflow.encoders.layers import Linear
from archflow.graph import Architecture, Vocabulary
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, linear, operations

OPS = ("input", "conv2d", "relu", "output")


def reference(encoder: TGNAS, ids: Tensor, architecture: Architecture) -> Tensor:
    x = operations(encoder)[ids]
    edges = adjacency(architecture)
    around = edges + edges.T + torch.eye(len(x))
    root = around.sum(1).rsqrt()
    for layer in encoder.layers:
        assert isinstance(layer, Linear)
        x = torch.relu(linear(layer, root[:, None] * around * root @ x))
    return x


@pytest.mark.parametrize("text", [False, True])
@torch.no_grad()
def test_the_whole_encoder_is_its_equations(text):
    architectures = random_architectures(16, seed=1, ops=OPS)
    with seeded(3):
        encoder = TGNAS(len(architectures.vocabulary), 16, 2, text=text).eval()
    encoder.describe(Vocabulary.of(OPS))
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-5)
