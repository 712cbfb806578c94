"""GMAE's encoder against its equations, one graph at a time."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import GMAE
from archflow.encoders.gmae import GraphAttention
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, linear, norms_moved


def reference_attention(layer: GraphAttention, x: Tensor, neighbours: Tensor) -> Tensor:
    p, q = layer.score[0]
    y = torch.zeros_like(x)
    for node in range(len(x)):
        heard = [node, *neighbours[node].nonzero()[:, 0].tolist()]
        for head, part in enumerate(torch.arange(x.shape[1]).chunk(len(p))):
            values = linear(layer.project, x)[:, part]
            scores = torch.stack([p[head] @ values[node] + q[head] @ values[u] for u in heard])
            y[node, part] = torch.softmax(F.leaky_relu(scores, 0.2), 0) @ values[heard]
    return y + layer.bias[0]


def reference(encoder: GMAE, ids: Tensor, architecture: Architecture) -> Tensor:
    edges, x = adjacency(architecture), encoder.operations.weight[0][ids]
    so_far, y = [linear(encoder.skip, x)], x
    for convolution, norm in zip(encoder.convolutions, encoder.norms, strict=True):
        y = layer_norm(norm, reference_attention(convolution, y, edges + edges.T))  # type: ignore[arg-type]
        so_far.append(F.prelu(y, encoder.slope))
        y = torch.stack(so_far).sum(0)
    return so_far[-1]


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(12, seed=1)
    with seeded(3):
        encoder = norms_moved(GMAE(len(architectures.vocabulary), 8, 3, heads=2)).eval()
        for name, parameter in encoder.named_parameters():
            if name.endswith("bias"):
                parameter.normal_()
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-4)


def test_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 20 must be a multiple of its 8 heads"):
        GMAE(5, 20)
