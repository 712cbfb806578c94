"""Attention of nodes to related ones, over a list of pairs: memory and time are linear in the pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from archflow.encoders.layers import segment_sum
from archflow.graph.batch import Batch


@dataclass(frozen=True)
class Relation:
    """Pairs of nodes of a batch, sorted by the node that attends.

    Attributes:
        attending: (P,) node that attends.
        attended: (P,) node that it attends to.
        ptr: (V+1,) boundaries of a node's pairs.
    """

    attending: Tensor
    attended: Tensor
    ptr: Tensor


def family(batch: Batch) -> tuple[Relation, Relation, Relation]:
    """The relations of each node to itself and its children, to its parents, and to its grandparents.

    A child is a direct successor. A node with two paths of two edges to a grandparent is in one pair with it.
    """
    edges, count = batch.edges, len(batch.op)
    target, source = edges.target.cpu().numpy(), edges.source.cpu().numpy()
    parents = csr_array((np.ones(len(target), np.int64), (target, source)), shape=(count, count))
    own = csr_array((np.ones(count, np.int64), (np.arange(count), np.arange(count))), shape=(count, count))
    return tuple(_relation(each, batch.device) for each in (own + parents.T, parents, parents @ parents))  # type: ignore[return-value]


def _relation(pairs: csr_array, device: torch.device) -> Relation:
    pairs = csr_array(pairs)
    pairs.sort_indices()
    ptr, attended = (torch.from_numpy(np.asarray(each, np.int64)).to(device) for each in (pairs.indptr, pairs.indices))
    nodes = torch.arange(len(ptr) - 1, device=device)
    return Relation(torch.repeat_interleave(nodes, ptr.diff()), attended, ptr)


def attend_related(query: Tensor, key: Tensor, value: Tensor, relation: Relation) -> Tensor:
    """softmax(q k^T / sqrt(e)) v among the related nodes, head by head; 0 for a node that is related to none.

    Args:
        query, key, value: (V, heads, e).
        relation: The pairs.

    Returns:
        (V, heads, e).
    """
    q, k = query.index_select(0, relation.attending), key.index_select(0, relation.attended)
    scores = (q * k).sum(2) / math.sqrt(query.shape[2])  # (P, heads)
    most = scores.new_full(query.shape[:2], -torch.inf)
    index = relation.attending[:, None].expand_as(scores)
    most = most.scatter_reduce(0, index, scores.detach(), "amax")
    weights = torch.exp(scores - most.index_select(0, relation.attending))
    total = segment_sum(weights, relation.ptr)
    weighted = value.index_select(0, relation.attended) * weights[..., None]
    summed = segment_sum(weighted.flatten(1), relation.ptr).view(query.shape)
    return summed / total.clamp(min=1e-30)[..., None]
