"""FlowerFormer against its equations, node by node."""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from archflow.encoders import FlowerFormer, stack
from archflow.encoders.flow_gru import FlowGRU, _LevelByLevel
from archflow.encoders.flowerformer import FlowerLayer
from archflow.encoders.layers import BatchNorm
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures

Kind = TypeVar("Kind", bound=FlowerFormer)


def gru_cell(unit: FlowGRU) -> nn.GRUCell:
    dim = unit.attention.shape[1]
    cell = nn.GRUCell(dim, dim)
    for name, value in (
        ("weight_ih", unit.input.weight[0].T),
        ("weight_hh", unit.hidden.weight[0].T),
        ("bias_ih", unit.input.bias[0]),  # type: ignore[index]
        ("bias_hh", unit.hidden.bias[0]),  # type: ignore[index]
    ):
        setattr(cell, name, nn.Parameter(value.detach().clone()))
    return cell


def reference_walk(unit: FlowGRU, x: Tensor, architecture: Architecture, backward: bool) -> Tensor:
    """h_v = GRU(x_v, sum_u softmax(Linear([x_v || h_u + E e])) h_u) for one graph, one node after the other."""
    cell, dim = gru_cell(unit), x.shape[1]
    own, edge = torch.linspace(-1, 1, dim), torch.linspace(2, -3, dim)  # terms that the softmax must not see
    heard: dict[int, list[int]] = {node: [] for node in range(len(x))}
    for source, target in architecture.edges:
        heard[source if backward else target].append(target if backward else source)
    states: dict[int, Tensor] = {}
    order = architecture.topological_order
    for node in reversed(order) if backward else order:
        message = torch.zeros(dim)
        if heard[node]:
            scores = torch.stack([x[node] @ own + (states[u] + edge) @ unit.attention[0, :, 0] for u in heard[node]])
            message = (torch.softmax(scores, 0)[:, None] * torch.stack([states[u] for u in heard[node]])).sum(0)
        states[node] = cell(x[node][None], message[None])[0]
    return torch.stack([states[node] for node in range(len(x))])


def torch_norm(norm: BatchNorm) -> nn.BatchNorm1d:
    other = nn.BatchNorm1d(norm.weight.shape[1])
    state = {name: value[0] for name, value in norm.state_dict().items()}
    other.load_state_dict({**other.state_dict(), **state})
    return other.train(norm.training)


def reaches(architecture: Architecture) -> np.ndarray:
    count = len(architecture.ops)
    paths = np.zeros((count, count), bool)
    for source, target in architecture.edges:
        paths[source, target] = True
    for middle in range(count):
        paths |= paths[:, middle, None] & paths[None, middle]
    return paths | paths.T


def reference_attention(layer: FlowerLayer, x: Tensor, architecture: Architecture) -> Tensor:
    heads = layer.attention.heads
    query, key, value = (x @ layer.attention.query_key_value.weight[0]).chunk(3, 1)
    parts, hears = [], torch.from_numpy(reaches(architecture))
    for q, k, v in zip(query.chunk(heads, 1), key.chunk(heads, 1), value.chunk(heads, 1), strict=True):
        scores = (q @ k.T / math.sqrt(q.shape[1])).masked_fill(~hears, -torch.inf)
        parts.append(torch.nan_to_num(torch.softmax(scores, 1)) @ v)
    return layer.attention.mix(torch.cat(parts, 1)[None])[0]


def there_and_back(layer: FlowerLayer, x: Tensor, architecture: Architecture) -> Tensor:
    forth = reference_walk(layer.forth, x, architecture, False)
    return reference_walk(layer.back, forth, architecture, True)


Flow = Callable[[FlowerLayer, Tensor, Architecture], Tensor]


def reference(encoder: FlowerFormer, architectures: ArchitectureSet, walks: Flow = there_and_back) -> Tensor:
    """The whole encoder on a batch; only batch normalisation looks across architectures."""
    x = torch_norm(encoder.norm)(encoder.operations.weight[0][torch.from_numpy(architectures.op.astype(np.int64))])
    x = torch.relu(x)
    x = x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)
    sizes = architectures.node_counts.tolist()
    for layer in encoder.layers:
        assert isinstance(layer, FlowerLayer)
        flow, attention = [], []
        for architecture, h in zip(architectures, x.split(sizes), strict=True):
            flow.append(torch.relu(walks(layer, h, architecture)))
            attention.append(reference_attention(layer, h, architecture))
        x = torch_norm(layer.norm_flow)(x + torch.cat(flow)) + torch_norm(layer.norm_attention)(
            x + torch.cat(attention)
        )
        x = torch_norm(layer.norm)(x + layer.out(torch.relu(layer.hidden(x[None])))[0])
    return x


def made(architectures: ArchitectureSet, kind: type[Kind] = FlowerFormer, **options) -> Kind:
    with seeded(3):
        encoder = kind(len(architectures.vocabulary), 16, 2, 4, **options)
        for name, value in encoder.state_dict().items():
            if "norm" in name:  # as after training, so that a forgotten one is seen
                value.copy_(torch.rand_like(value) + 0.5)
    return encoder


@pytest.mark.parametrize("training", [False, True])
def test_the_whole_encoder_is_its_equations(training):
    architectures = random_architectures(24, seed=1)
    encoder = made(architectures, attention_dropout=0.0).train(training)
    with torch.no_grad():
        expected = reference(encoder, architectures)
        found = encoder(Batch(architectures))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_gradients_of_a_walk_are_those_of_its_equations(backward):
    architectures = random_architectures(6, seed=2)
    layout, places = Batch(architectures).leveled, len(architectures.op)
    with seeded(0):
        shapes = ((1, places, 12), (1, 4, 12), (1, 12), (1, 4, 1))
        inputs = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    for _ in range(3):  # memory that is not set shows now and then only
        torch.full((10**6,), math.nan)
        assert torch.autograd.gradcheck(lambda *given: _LevelByLevel.apply(*given, layout, backward), inputs)


def test_stacked_members_train_as_each_alone():
    """Members whose runs have other shapes: empty places of the layout take part in nothing."""
    architectures = random_architectures(24, seed=5)
    runs = np.stack([np.arange(8), np.arange(8, 16), np.arange(16, 24)])
    members = []
    for seed in range(3):
        with seeded(seed):
            members.append(FlowerFormer(len(architectures.vocabulary), 16, 2, 4, attention_dropout=0.0).double())
    together = stack(members)
    batch = Batch(architectures, runs)
    assert batch.leveled.mask is not None
    together.embed(batch).square().sum().backward()
    for k, member in enumerate(members):
        member.embed(Batch(architectures, runs[k])).square().sum().backward()
    stacked = dict(together.named_parameters())
    for name, _ in members[0].named_parameters():
        alone = torch.cat([dict(member.named_parameters())[name].grad for member in members])  # type: ignore[misc]
        torch.testing.assert_close(stacked[name].grad, alone, msg=lambda text, name=name: f"{name}: {text}")
    buffers = dict(together.named_buffers())
    for name, _ in members[0].named_buffers():
        torch.testing.assert_close(buffers[name], torch.cat([dict(m.named_buffers())[name] for m in members]))


def test_heads_must_divide_the_width():
    with pytest.raises(ArchflowError, match="width 20 must be a multiple of its 8 heads"):
        FlowerFormer(5, 20)
