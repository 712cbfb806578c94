"""NN-Former against its equations, one graph at a time."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import NNFormer
from archflow.encoders.nn_former import NNFormerLayer, relatives
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, norms_moved


def share_someone(edges: Tensor) -> Tensor:
    """Whether the rows of two nodes have an entry in common, told entry by entry."""
    count = len(edges)
    shared = torch.zeros(count, count)
    for first in range(count):
        for second in range(count):
            shared[first, second] = any(edges[first, k] and edges[second, k] for k in range(count))
    return shared


def reference_layer(layer: NNFormerLayer, x: Tensor, edges: Tensor) -> Tensor:
    dim, own = x.shape[1], torch.eye(len(x))
    h = layer_norm(layer.before_attention, x)
    query, key, value = (h @ layer.attention.query_key_value.weight[0]).chunk(3, 1)
    masks = (edges + own, edges.T + own, share_someone(edges.T) + own, share_someone(edges) + own)
    heads = []
    for head, mask in enumerate(masks):
        part = slice(head * dim // 4, (head + 1) * dim // 4)
        scores = query[:, part] @ key[:, part].T / math.sqrt(dim // 4)
        heads.append(torch.softmax(scores.masked_fill(mask == 0, -torch.inf), 1) @ value[:, part])
    x = x + torch.cat(heads, 1) @ layer.mix.weight[0]
    h = layer_norm(layer.before_perceptron, x)
    w1, gate, w2 = (
        torch.cat([getattr(side, name).weight[0] for side in (layer.forth, layer.back)], axis)
        for name, axis in (("own", 1), ("relatives", 1), ("out", 0))
    )
    g1, g2 = (h @ gate).chunk(2, 1)
    return x + torch.relu(h @ w1 + torch.cat([edges @ g1, edges.T @ g2], 1)) @ w2


def reference(encoder: NNFormer, ids: Tensor, architecture: Architecture) -> Tensor:
    x = layer_norm(encoder.before, F.one_hot(ids, encoder.n_ops).float() @ encoder.operations.weight[0])
    for layer in encoder.layers:
        assert isinstance(layer, NNFormerLayer)
        x = reference_layer(layer, x, adjacency(architecture))
    return layer_norm(encoder.after, x)


@torch.no_grad()
def test_the_whole_encoder_is_its_equations():
    architectures = random_architectures(24, seed=1)
    with seeded(3):
        encoder = norms_moved(NNFormer(len(architectures.vocabulary), 16, 2)).eval()
        for layer in encoder.layers:  # the small weights of a fresh encoder hardly move its input
            for parameter in layer.parameters():
                parameter.mul_(10 if parameter.ndim == 3 else 1)
    batch = Batch(architectures)
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(batch), expected, rtol=1e-4, atol=1e-5)


def test_siblings_share_a_predecessor_or_a_successor():
    """0 -> 1, 0 -> 2, 1 -> 3, 2 -> 4: 1 and 2 have one predecessor, none two a successor."""
    forth = torch.zeros(1, 5, 5)
    forth[0, [0, 0, 1, 2], [1, 2, 3, 4]] = 1
    pairs = [mask.nonzero().tolist() for mask in relatives(forth)[0] & ~torch.eye(5, dtype=torch.bool)]
    assert pairs[0] == [[0, 1], [0, 2], [1, 3], [2, 4]]
    assert pairs[1] == sorted([b, a] for a, b in pairs[0])
    assert pairs[2] == [[1, 2], [2, 1]]
    assert pairs[3] == []


def test_published_size():
    """4.9 million parameters; those of the class token, depth token and head, which are not ours, hardly count."""
    count = sum(parameter.numel() for parameter in NNFormer(32).parameters())
    assert abs(count / 1e6 - 4.9) < 0.05


def test_four_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 18 must be a multiple of its 4 heads"):
        NNFormer(5, 18)
