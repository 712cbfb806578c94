"""A batch laid out by topological level, so that all nodes that are due together are one slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.graph.padded import Padded
from archflow.graph.ragged import Ints, pointer


@dataclass(frozen=True)
class Neighbours:
    """Whom the n nodes of one level hear, in places of the layout; the widest neighbourhood gives P.

    place: (n, P), 0 where a node has fewer. missing: (n, P) where it has none, or None if all are full.
    """

    place: Tensor
    missing: Tensor | None


@dataclass(frozen=True)
class Leveled:
    """V nodes of K members as K rows of S places, every row in order of level.

    Level l fills places bounds[l] .. bounds[l+1] of every row. A member with fewer nodes in a level than another has
    empty places there; a single member has none.

    node: (K * S,) node of every place, 0 if empty. place: (V,) place of every node. mask: (K, S) whether a place has a
    node, or None if all have. predecessors, successors: a level's neighbours, None where it has none at all.
    """

    members: int
    bounds: list[int]
    node: Tensor
    place: Tensor
    mask: Tensor | None
    predecessors: Sequence[Neighbours | None]
    successors: Sequence[Neighbours | None]

    @classmethod
    def of(
        cls,
        level: NDArray,
        member: NDArray,
        members: int,
        source: Ints,
        target: Ints,
        device: torch.device,
    ) -> Leveled:
        """The layout of V nodes with these levels and members, and the (E,) edges among them, sorted by target."""
        deepest = int(level.max(initial=0)) + 1
        block = member * deepest + level
        order = np.argsort(block, kind="stable")
        counts = np.bincount(block, minlength=members * deepest)
        bounds = pointer(counts.reshape(members, deepest).max(0, initial=0))
        size = int(bounds[-1])
        starts = (np.arange(members)[:, None] * size + bounds[:-1]).ravel()
        place = np.empty(len(level), np.int64)
        place[order] = np.arange(len(level)) - pointer(counts)[block[order]] + starts[block[order]]
        node = np.zeros(members * size, np.int64)
        node[place] = np.arange(len(level))
        is_full = len(level) == members * size
        there = np.zeros(members * size, bool)
        there[place] = True
        by_source = np.argsort(source, kind="stable")

        def tables(sender: Ints, receiver: Ints) -> list[Neighbours | None]:
            return _neighbours(place[sender], place[receiver], members, bounds, device)

        return cls(
            members,
            bounds.tolist(),
            torch.from_numpy(node).to(device),
            torch.from_numpy(place).to(device),
            None if is_full else torch.from_numpy(there.reshape(members, size)).to(device),
            tables(source, target),
            tables(target[by_source], source[by_source]),
        )

    def gather(self, values: Tensor) -> Tensor:
        """(V, d) by node -> (K, S, d) by place; empty places hold the values of node 0: mask them."""
        return _Reorder.apply(values, self.node, self.place, None).view(self.members, -1, values.shape[-1])

    def scatter(self, values: Tensor) -> Tensor:
        """(K, S, d) by place -> (V, d) by node."""
        return _Reorder.apply(values.reshape(-1, values.shape[-1]), self.place, self.node, self.mask)


@dataclass(frozen=True)
class LeveledRows:
    """Between the places of a layout by level and those of a rectangle, one row an architecture, in one step.

    to_rows: (B * L,) the place by level of every place of the rectangle. to_levels: (K * S,) the other way. Places
    without a node stand for node 0. in_levels, in_rows: which places have a node, or None if all have. shape: (B, L).
    """

    members: int
    to_rows: Tensor
    to_levels: Tensor
    in_levels: Tensor | None
    in_rows: Tensor | None
    shape: torch.Size

    @classmethod
    def between(cls, leveled: Leveled, padded: Padded) -> LeveledRows:
        """The way between two layouts of one batch."""
        return cls(
            leveled.members,
            leveled.place[padded.index.view(-1)],
            padded.flat[leveled.node],
            leveled.mask,
            None if padded.is_full else padded.mask,
            padded.shape,
        )

    def gather(self, values: Tensor) -> Tensor:
        """(K, S, d) by level -> (B, L, d); places without a node hold the values of node 0: mask them."""
        flat = _Reorder.apply(values.reshape(-1, values.shape[-1]), self.to_rows, self.to_levels, self.in_levels)
        return flat.view(*self.shape, values.shape[-1])

    def scatter(self, values: Tensor) -> Tensor:
        """(B, L, d) -> (K, S, d) by level; empty places hold the values of node 0: mask them."""
        flat = _Reorder.apply(values.flatten(0, 1), self.to_levels, self.to_rows, self.in_rows)
        return flat.view(self.members, -1, values.shape[-1])


def _neighbours(
    sender: Ints, receiver: Ints, members: int, bounds: Ints, device: torch.device
) -> list[Neighbours | None]:
    """The tables of every level; edges (E,) as places, those of one receiver side by side."""
    size = int(bounds[-1])
    first = np.flatnonzero(np.diff(receiver, prepend=-1))
    degree = np.zeros(members * size, np.int64)
    degree[receiver[first]] = np.diff(first, append=len(receiver))
    rank = np.arange(len(receiver)) - np.repeat(first, degree[receiver[first]])
    table = np.zeros((members * size, int(degree.max(initial=0))), np.int64)
    table[receiver, rank] = sender
    table, degree = table.reshape(members, size, table.shape[1]), degree.reshape(members, size)
    levels: list[Neighbours | None] = []
    for begin, end in pairwise(bounds.tolist()):
        due = degree[:, begin:end].reshape(-1)
        widest = int(due.max(initial=0))
        if widest == 0:
            levels.append(None)
            continue
        places = np.ascontiguousarray(table[:, begin:end, :widest].reshape(-1, widest))
        missing = np.arange(widest) >= due[:, None]
        missing = torch.from_numpy(missing).to(device) if missing.any() else None
        levels.append(Neighbours(torch.from_numpy(places).to(device), missing))
    return levels


class _Reorder(torch.autograd.Function):
    """Rows in another order, whose gradient is the way back: no scattered sum.

    mask: of the rows that came in, those that went out; the others get no gradient. None if all did.
    """

    @staticmethod
    def forward(ctx, values: Tensor, index: Tensor, inverse: Tensor, mask: Tensor | None) -> Tensor:  # type: ignore[override]
        ctx.inverse, ctx.mask = inverse, mask
        return values.index_select(0, index)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        grad = grad.index_select(0, ctx.inverse)
        return (grad if ctx.mask is None else grad * ctx.mask.view(-1, 1)), None, None, None
