"""Dropout: how much it drops, and that draws belong to nodes and members."""

import numpy as np
import pytest
import torch

from archflow.encoders.dropout import drawing_for, dropout, normal, pair_dropout, pair_words, relu_dropout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.seeding import member_streams, seeded
from archflow.testing import random_architectures

SOME = random_architectures(24, seed=1)
BY_SIZE = np.argsort(SOME.node_counts, kind="stable").reshape(3, 8)
"""Runs whose architectures need more padding from run to run."""
KEYS = [(1, 0), (2, 0), (3, 0)]


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    x = torch.ones(1000, 1001, requires_grad=True)
    with seeded(0):
        y = dropout(x, p, training=True)
    y.sum().backward()
    y = y.detach()
    assert abs(float((y == 0).float().mean()) - p) < 2e-3  # four standard deviations
    assert abs(float(y.mean()) - 1) < 4e-3 / (1 - p)
    kept = y[y != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - p)))
    assert torch.equal(x.grad, y)  # type: ignore[arg-type]
    # Neighbours are dropped independently, whichever bytes of one random word decide about them.
    dropped = (y == 0).float() - p
    for shift in (1, 2, 3, 4):
        assert abs(float((dropped[:, shift:] * dropped[:, :-shift]).mean())) < 2e-3


def test_relu_and_dropout_in_one_are_both_one_after_the_other():
    x = torch.randn(40, 30)
    weights = torch.randn(40, 30)
    results = []
    for layer in (lambda v: relu_dropout(v, 0.3, True), lambda v: dropout(torch.relu(v), 0.3, True)):
        v = x.clone().requires_grad_()
        with seeded(5):
            y = layer(v)
        (y * weights).sum().backward()
        results.append((y, v.grad))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_no_dropout_in_evaluation_or_at_zero():
    x = torch.randn(5, 5)
    assert torch.equal(dropout(x, 0.5, training=False), x)
    assert torch.equal(dropout(x, 0.0, training=True), x)
    assert torch.equal(relu_dropout(x, 0.5, training=False), torch.relu(x))


def by_node(batch: Batch) -> torch.Tensor:
    return dropout(torch.ones(len(batch.op), 5), 0.5, True, batch)


def padded(batch: Batch) -> torch.Tensor:
    x = torch.ones(batch.members, batch.padded.mask.numel() // batch.members, 5)
    kept = dropout(x, 0.5, True, batch.padded).view(*batch.padded.mask.shape, 5)
    return batch.padded.scatter(kept)


def padded_in_groups(batch: Batch) -> torch.Tensor:
    x = torch.ones(batch.members, 2, batch.padded.mask.numel() // batch.members, 3)
    kept = relu_dropout(x, 0.5, True, batch.padded)
    return batch.padded.scatter(kept.transpose(1, 2).reshape(*batch.padded.mask.shape, 6))


def pairs(batch: Batch) -> torch.Tensor:
    length = batch.padded.mask.shape[1]
    kept = pair_dropout(torch.ones(len(batch), length, 3, length), 0.5, True, batch.padded)
    there = batch.padded.mask[:, :, None] & batch.padded.mask[:, None]
    return kept.transpose(2, 3)[there]


def normals(batch: Batch) -> torch.Tensor:
    return normal(batch.member_nodes, 3, batch.device)


def whole(batch: Batch) -> torch.Tensor:
    return dropout(torch.ones(batch.members, len(batch) // batch.members, 7), 0.5, True)


@pytest.mark.parametrize("draw", [by_node, padded, padded_in_groups, pairs, normals, whole], ids=lambda f: f.__name__)
def test_draws_of_a_member_depend_neither_on_companions_nor_on_padding(draw):
    with member_streams(KEYS):
        together = draw(Batch(SOME, BY_SIZE))
    alone = []
    for key, rows in zip(KEYS, BY_SIZE, strict=True):
        with member_streams([key]):
            alone.append(draw(Batch(SOME, rows)))
    assert torch.equal(together.flatten(0, together.ndim - 2), torch.cat([x.flatten(0, x.ndim - 2) for x in alone]))
    first = [x.flatten()[:20] for x in alone]
    assert not torch.equal(first[0], first[1])


def test_one_member_draws_what_the_global_generator_would():
    x = torch.ones(40, 30)
    with member_streams([(5, 1)]):
        found = dropout(x, 0.5, True)
    with seeded(5, 1):
        assert torch.equal(dropout(x, 0.5, True), found)


def test_streams_of_another_number_of_members_are_refused():
    with (
        pytest.raises(ValueError, match="random draws of 1 members where there are streams for 3"),
        member_streams(KEYS),
    ):
        by_node(Batch(SOME))


@pytest.mark.parametrize("draw", ["nodes", "architectures", "pairs", "normal"])
def test_a_part_of_a_batch_has_the_draws_that_it_has_in_the_whole(draw, architectures):
    def drawn(batch: Batch) -> torch.Tensor:
        with seeded(3):
            if draw == "nodes":
                found = dropout(torch.ones(len(batch.op), 3), 0.5, True, batch)
            elif draw == "architectures":
                found = dropout(torch.ones(len(batch), 3), 0.5, True)
            elif draw == "pairs":
                found = pair_words(batch.padded, 2)
            else:
                found = normal(batch.member_nodes, 3, batch.device)
            return torch.cat([found, torch.rand(1, found.shape[1]).to(found.dtype)])  # what comes next, too

    whole = Batch(architectures)
    counts = architectures.node_counts
    with drawing_for(counts, 20, 41):
        part = drawn(Batch(architectures, np.arange(20, 41)))
    sizes = {"architectures": counts**0, "pairs": counts**2}.get(draw, counts)
    expected = drawn(whole)
    first, last = sizes[:20].sum(), sizes[:41].sum()
    assert torch.equal(part, torch.cat([expected[first:last], expected[-1:]]))


def test_draws_of_a_part_that_are_neither_by_node_nor_by_architecture_are_refused(architectures):
    with drawing_for(architectures.node_counts, 0, 30), pytest.raises(ArchflowError, match="cannot be divided"):
        dropout(torch.ones(7, 2), 0.5, True)
