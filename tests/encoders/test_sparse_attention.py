"""Attention over lists of pairs against dense masks."""

import math

import torch

from archflow.encoders.sparse_attention import attend_related, family
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.testing import random_architectures


def dense(relation, count):
    mask = torch.zeros(count, count, dtype=torch.bool)
    mask[relation.attending, relation.attended] = True
    return mask


def test_a_diamond_has_one_grandparent():
    """0 -> 1, 0 -> 2, 1 -> 3, 2 -> 3: two paths lead from 0 to 3."""
    diamond = Architecture(["a", "b", "b", "c"], [(0, 1), (0, 2), (1, 3), (2, 3)])
    near, parents, grandparents = family(Batch(ArchitectureSet.from_architectures([diamond])))
    pairs = [list(zip(each.attending.tolist(), each.attended.tolist(), strict=True)) for each in (near, parents)]
    assert pairs[0] == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 3), (2, 2), (2, 3), (3, 3)]
    assert pairs[1] == [(1, 0), (2, 0), (3, 1), (3, 2)]
    assert (grandparents.attending.tolist(), grandparents.attended.tolist()) == ([3], [0])


def test_it_is_masked_attention():
    batch = Batch(random_architectures(12, seed=3))
    count = len(batch.op)
    torch.manual_seed(0)
    query, key, value = (torch.randn(count, 2, 5) for _ in range(3))
    for relation in family(batch):
        mask = dense(relation, count)
        scores = torch.einsum("vhe,uhe->hvu", query, key) / math.sqrt(5)
        weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), 2).nan_to_num()
        expected = torch.einsum("hvu,uhe->vhe", weights, value)
        torch.testing.assert_close(attend_related(query, key, value, relation), expected)


def test_large_scores_do_not_overflow():
    batch = Batch(random_architectures(5, seed=3))
    query = 1e4 * torch.ones(len(batch.op), 1, 4)
    for relation in family(batch):
        assert attend_related(query, query, torch.ones_like(query), relation).isfinite().all()
