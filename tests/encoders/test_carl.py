"""CARL's encoder against its equations, one graph at a time."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from archflow.encoders import CARL
from archflow.encoders.carl import WeightedSum
from archflow.encoders.layers import LayerNorm
from archflow.graph import Architecture
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import layer_norm, linear, norms_moved

ARCHITECTURES = random_architectures(12, seed=1)


def made(width: int = 8, depth: int = 2) -> CARL:
    with seeded(3):
        return norms_moved(CARL(len(ARCHITECTURES.vocabulary), width, depth)).eval()


def reference_convolution(layer, h: Tensor, weight: dict[tuple[int, int], Tensor]) -> Tensor:
    """weight: of every edge."""
    own, ahead, behind = linear(layer, h).chunk(3, 1)
    rows = []
    for v in range(len(h)):
        row = own[v]
        for values, near in (
            (ahead, [(u, a) for (u, w), a in weight.items() if w == v]),
            (behind, [(w, a) for (u, w), a in weight.items() if u == v]),
        ):
            if near:
                total = torch.stack([a for _, a in near]).sum()
                row = row + torch.stack([a * values[u] for u, a in near]).sum(0) / total
        rows.append(row)
    return torch.stack(rows)


def reference_scores(
    encoder: CARL, ids: Tensor, architecture: Architecture
) -> tuple[Tensor, Tensor, dict[tuple[int, int], Tensor]]:
    """h, the scores of the nodes, and those of the edges."""
    h = torch.relu(encoder.operations.weight[0][ids] + encoder.operations.bias[0])  # type: ignore[index]
    alike = {edge: torch.tensor(1.0) for edge in architecture.edges}
    for convolution, norm in zip(encoder.convolutions, encoder.norms, strict=True):
        assert isinstance(norm, LayerNorm)
        h = torch.relu(layer_norm(norm, reference_convolution(convolution, h, alike)))
    (p, q, r), (c, out, into) = encoder.scores.weight[0].T, encoder.scores.bias[0]  # type: ignore[index]
    edge = {(u, v): torch.sigmoid(q @ h[u] + r @ h[v] + out + into) for u, v in architecture.edges}
    return h, torch.sigmoid(h @ p + c), edge


def reference_part(encoder: CARL, ids: Tensor, architecture: Architecture, critical: bool) -> tuple[Tensor, Tensor]:
    """(n, d) nodes and (d,) vector of one of the two parts."""
    h, node, edge = reference_scores(encoder, ids, architecture)
    if not critical:
        node, edge = 1 - node, {e: 1 - a for e, a in edge.items()}
    z = torch.relu(reference_convolution(encoder.extract, h, edge))
    return z, (node[:, None] * z).sum(0) / node.sum()


def one_by_one(reference) -> list:
    """What reference(operation ids (n,), architecture) gives for each."""
    ids = torch.from_numpy(ARCHITECTURES.op.astype(np.int64)).split(ARCHITECTURES.node_counts.tolist())
    with torch.no_grad():
        return [reference(i, a) for i, a in zip(ids, ARCHITECTURES, strict=True)]


@torch.no_grad()
def test_both_parts_are_their_equations():
    encoder, batch = made(), Batch(ARCHITECTURES)
    for place, critical in enumerate((True, False)):
        nodes, vectors = zip(*one_by_one(partial(reference_part, encoder, critical=critical)), strict=True)
        torch.testing.assert_close(encoder.split(batch)[place], torch.stack(vectors), rtol=1e-4, atol=1e-5)
        if critical:
            torch.testing.assert_close(encoder(batch), torch.cat(nodes), rtol=1e-4, atol=1e-5)
    assert torch.equal(encoder.embed(batch), encoder.split(batch)[0])


@torch.no_grad()
def test_importance_is_the_scores_in_the_order_of_nodes_and_edges():
    encoder, batch = made(), Batch(ARCHITECTURES)
    node, edge = encoder.importance(batch)
    expected = one_by_one(partial(reference_scores, encoder))
    torch.testing.assert_close(node, torch.cat([nodes for _, nodes, _ in expected]), rtol=1e-4, atol=1e-5)
    first = batch.node_ptr[batch.graph[batch.edges.target]]
    ends = zip((batch.edges.source - first).tolist(), (batch.edges.target - first).tolist(), strict=True)
    graphs = batch.graph[batch.edges.target].tolist()
    in_order = torch.stack([expected[g][2][end] for g, end in zip(graphs, ends, strict=True)])
    torch.testing.assert_close(edge, in_order, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_scores_without_a_difference_split_nothing():
    """Equal scores, however high, leave means over all: the redundant vector is then the critical one."""
    encoder = made()
    encoder.scores.weight.zero_()
    encoder.scores.bias.fill_(4.0)  # type: ignore[union-attr]
    critical, redundant = encoder.split(Batch(ARCHITECTURES))
    torch.testing.assert_close(critical, redundant, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_scores_without_a_doubt_stay_finite():
    encoder = made()
    encoder.scores.bias.fill_(200.0)  # type: ignore[union-attr]
    for part in encoder.split(Batch(ARCHITECTURES)):
        assert torch.isfinite(part).all()


def test_the_gradient_of_a_weighted_sum():
    edges = Batch(ARCHITECTURES).edges
    with seeded(0):
        x = torch.randn(len(ARCHITECTURES.op), 3, dtype=torch.float64, requires_grad=True)
        weight = torch.rand(len(edges.source), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, weight: WeightedSum.apply(x, weight, edges), (x, weight))


def test_dropout_acts_in_training_only():
    encoder, batch = made(), Batch(ARCHITECTURES)
    with torch.no_grad():
        assert torch.equal(encoder.embed(batch), encoder.embed(batch))
        assert not torch.allclose(encoder.train().embed(batch), encoder.embed(batch))
