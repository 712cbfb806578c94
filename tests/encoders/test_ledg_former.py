"""LeDG-Former against its equations."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from archflow.encoders import LeDGFormer
from archflow.encoders.ledg_former import LeDGLayer
from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, norms_moved, operations

OPS = ("input", "conv2d", "relu", "output")


def reference_layer(layer: LeDGLayer, x: Tensor, edges: Tensor, masks: int) -> Tensor:
    width = x.shape[1] // layer.heads
    projected = layer_norm(layer.before_attention, x) @ layer.query_key_value.weight[0] + layer.query_key_value.bias[0]
    query, key, value = projected.chunk(3, 1)
    related = [edges + torch.eye(len(x)), edges.T, edges.T @ edges.T][:masks]
    weights = torch.ones(1) if layer.logits is None else torch.softmax(layer.logits[0], 0)
    mixed = torch.zeros_like(x)
    for weight, mask in zip(weights, related, strict=True):
        heads = []
        for head in range(layer.heads):
            part = slice(head * width, (head + 1) * width)
            scores = query[:, part] @ key[:, part].T / math.sqrt(width)
            heads.append(torch.softmax(scores.masked_fill(mask == 0, -torch.inf), 1).nan_to_num() @ value[:, part])
        mixed = mixed + weight * torch.cat(heads, 1)
    x = x + mixed @ layer.mix.weight[0] + layer.mix.bias[0]
    hidden = torch.relu(layer_norm(layer.before_perceptron, x) @ layer.hidden.weight[0] + layer.hidden.bias[0])
    return x + hidden @ layer.out.weight[0] + layer.out.bias[0]


def reference(encoder: LeDGFormer, ids: Tensor, architecture: Architecture) -> Tensor:
    x = operations(encoder)[ids]
    for layer in encoder.layers:
        assert isinstance(layer, LeDGLayer)
        x = reference_layer(layer, x, adjacency(architecture), encoder.masks)
    return layer_norm(encoder.after, x)


@pytest.mark.parametrize("masks", [1, 2, 3])
@pytest.mark.parametrize("text", [False, True])
@torch.no_grad()
def test_the_whole_encoder_is_its_equations(masks, text):
    architectures = random_architectures(16, seed=1, ops=OPS)
    with seeded(3):
        encoder = norms_moved(LeDGFormer(len(architectures.vocabulary), 16, 2, masks=masks, text=text)).eval()
        for layer in encoder.layers:
            if layer.logits is not None:
                layer.logits.normal_()
    encoder.describe(Vocabulary.of(OPS) if len(architectures.vocabulary) == 4 else architectures.vocabulary)
    expected = graph_by_graph(architectures, partial(reference, encoder))
    torch.testing.assert_close(encoder(Batch(architectures)), expected, rtol=1e-4, atol=1e-5)


def test_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 18 must be a multiple of its 4 heads"):
        LeDGFormer(5, 18)
