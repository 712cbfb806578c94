import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archflow.encoders import layers
from archflow.encoders.layers import (
    GatedSum,
    LayerNorm,
    Linear,
    NeighbourSum,
    mean_pool,
    segment_sum,
)
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from tests.strategies import sets


@pytest.fixture
def batch(architectures) -> Batch:
    """Small, with isolated nodes and dead ends."""
    return Batch(architectures.select(architectures.node_counts < 6))


def doubles(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_gradients_are_those_of_finite_differences(batch):
    nodes = len(batch.op)
    for edges in (batch.edges, batch.undirected):
        assert torch.autograd.gradcheck(lambda *x: GatedSum.apply(*x, edges), [doubles(nodes, 2) for _ in range(3)])  # noqa: B023
        assert torch.autograd.gradcheck(lambda x: NeighbourSum.apply(x, edges), [doubles(nodes, 2)])  # noqa: B023
    assert torch.autograd.gradcheck(lambda x: segment_sum(x, batch.node_ptr), [doubles(nodes, 3)])
    assert torch.autograd.gradcheck(lambda x: mean_pool(x, batch), [doubles(nodes, 3)])


def test_messages_are_summed_as_a_loop_would(batch):
    key, query, value = (torch.randn(len(batch.op), 3) for _ in range(3))
    gated, plain = torch.zeros_like(key), torch.zeros_like(key)
    for i, j in zip(batch.edges.target.tolist(), batch.edges.source.tolist(), strict=True):
        gated[i] += torch.sigmoid(key[i] + query[j]) * value[j]
        plain[i] += value[j]
    torch.testing.assert_close(GatedSum.apply(key, query, value, batch.edges), gated)
    torch.testing.assert_close(NeighbourSum.apply(value, batch.edges), plain)


@pytest.mark.parametrize("length", [1, 2, 7, 10**6])
def test_messages_summed_in_runs_are_the_same_to_the_bit(batch, length, monkeypatch):
    key, query, value = (torch.randn(len(batch.op), 3) for _ in range(3))
    expected = GatedSum.apply(key.requires_grad_(), query, value, batch.undirected).detach()
    monkeypatch.setattr(layers, "CACHED", 3 * length)
    runs = layers._runs(batch.undirected.ptr, length)
    assert (len(runs) > 1) == (length < 10**6)
    with torch.inference_mode():
        assert torch.equal(GatedSum.apply(key, query, value, batch.undirected), expected)


def test_graphs_without_an_edge_pass_no_message(architectures):
    lonely = Batch(architectures.select(architectures.edge_counts == 0))
    x = torch.randn(len(lonely.op), 3, requires_grad=True)
    summed = GatedSum.apply(x, x, x, lonely.edges) + NeighbourSum.apply(x, lonely.edges)
    assert not summed.any()
    summed.sum().backward()
    assert x.grad is not None
    assert not x.grad.any()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_segments_are_summed_empty_ones_too(counts):
    values = torch.randn(sum(counts), 2)
    ptr = torch.tensor([0, *counts]).cumsum(0)
    expected = torch.stack([part.sum(0) for part in values.split(counts)])
    torch.testing.assert_close(segment_sum(values, ptr), expected)


@given(sets())
def test_mean_pooling_is_the_mean_of_every_graph(some):
    batch = Batch(some)
    x = torch.randn(len(batch.op), 3)
    torch.testing.assert_close(
        mean_pool(x, batch), torch.stack([part.mean(0) for part in x.split(batch.sizes.tolist())])
    )


def test_linear_starts_as_torch_does_and_serves_members():
    with seeded(0):
        ours = Linear(16, 400)
        theirs = nn.Linear(16, 400)
    for a, b in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        assert a is not None
        assert abs(float(a.detach().std() / b.detach().std()) - 1) < 0.1
        assert float(a.detach().abs().max()) <= 0.25
    stacked = Linear(3, 4)
    stacked.weight = nn.Parameter(torch.randn(2, 3, 4))
    stacked.bias = nn.Parameter(torch.randn(2, 4))
    x = torch.randn(2, 5, 3)
    expected = torch.stack([x[k] @ stacked.weight[k] + stacked.bias[k] for k in range(2)])
    torch.testing.assert_close(stacked(x), expected)


def test_layer_norm_is_torchs_own(batch):
    ours, theirs = LayerNorm(6), nn.LayerNorm(6)
    with torch.no_grad():
        for a, b in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
            b.copy_(a.normal_()[0])
    x = torch.randn(len(batch.op), 6)
    torch.testing.assert_close(ours(x, batch), theirs(x))
