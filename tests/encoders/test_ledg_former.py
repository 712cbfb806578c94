"""LeDG-Former against its equations, and operations that are known by their descriptions."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

import archflow
from archflow import minilm
from archflow.encoders import Embedder, LeDGFormer, stack
from archflow.encoders.ledg_former import LeDGLayer
from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, graph_by_graph, layer_norm, norms_moved

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
    table = encoder.operations(encoder.described)[0] if encoder.text else encoder.operations.weight[0]
    x = table[ids]
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


@torch.no_grad()
def test_described_members_stack():
    architectures = random_architectures(12, seed=2, ops=OPS)
    members = []
    for seed in (0, 1):
        encoder = archflow.create("ledg_former", architectures, width=16, depth=1, text=True, seed=seed).encoder
        members.append(encoder.eval())
    rows = np.arange(12).reshape(2, 6)
    together = stack(members).embed(Batch(architectures, rows))
    alone = [member.embed(Batch(architectures, run)) for member, run in zip(members, rows, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


def test_descriptions_are_saved(tmp_path):
    architectures = random_architectures(12, seed=2, ops=OPS)
    embedder = archflow.create("ledg_former", architectures, width=16, depth=1, text=True)
    embedder.save(tmp_path / "encoder")
    again = Embedder.load(tmp_path / "encoder")
    assert (embedder.embed(architectures) == again.embed(architectures)).all()


def test_other_names_are_read_with_the_same_weights():
    architectures = random_architectures(12, seed=2, ops=OPS)
    encoder = archflow.create("ledg_former", architectures, width=16, depth=1, text=True).encoder
    assert isinstance(encoder, LeDGFormer)
    swapped = Vocabulary(tuple(reversed(architectures.vocabulary.ops)))
    other = encoder.reading(swapped)
    with torch.no_grad():
        torch.testing.assert_close(
            other(Batch(architectures.recoded(swapped))), encoder(Batch(architectures)), rtol=1e-4, atol=1e-5
        )
    assert encoder.reading(Vocabulary(("conv2d",))).n_ops == 1


def test_a_new_operation_needs_the_sentence_encoder(monkeypatch):
    monkeypatch.setattr(minilm, "is_installed", lambda: False)
    with pytest.raises(ArchflowError, match=r"archflow\[text\]"):
        archflow.create("ledg_former", Vocabulary(("nobody_has_described_this",)), width=16, text=True)


def test_without_descriptions_it_says_so():
    architectures = random_architectures(4, seed=2)
    encoder = LeDGFormer(len(architectures.vocabulary), 16, 1, text=True)
    with pytest.raises(ArchflowError, match="no descriptions are set"):
        encoder(Batch(architectures))


def test_learned_operations_read_no_other_names():
    with pytest.raises(ArchflowError, match="use text=True"):
        LeDGFormer(4, 16).reading(Vocabulary(("conv2d",)))


def test_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 18 must be a multiple of its 4 heads"):
        LeDGFormer(5, 18)
