"""A batch laid out by topological level, so that the nodes of a level form one slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.graph.padded import Padded
from archflow.graph.ragged import Ints, pointer


@dataclass(frozen=True)
class Neighbours:
    """Neighbours of the n nodes of one level, padded to the largest degree P.

    Attributes:
        place: (n, P) their positions in the layout, 0 where a node has fewer.
        missing: (n, P) True where there is no neighbour, or None if all nodes have P.
    """

    place: Tensor
    missing: Tensor | None


@dataclass(frozen=True)
class Leveled:
    """V nodes of K members as K rows of S positions, each row in order of level.

    Level l fills positions bounds[l] .. bounds[l+1] of every row. A member with fewer nodes in a level than another has
    empty positions there; with a single member there are none.

    Attributes:
        members: K, the number of members.
        bounds: Where each level begins and ends.
        node: (K * S,) node at each position, 0 if empty.
        place: (V,) position of each node.
        mask: (K, S) whether a position has a node, or None if all have.
        edges: Positions of the (E,) edges' sources and targets, sorted by target, and the edges in order of their
            source, on the host.
    """

    members: int
    bounds: list[int]
    node: Tensor
    place: Tensor
    mask: Tensor | None
    edges: tuple[Ints, Ints, Ints]

    @classmethod
    def of(
        cls,
        level: NDArray,
        member: NDArray,
        members: int,
        source: Ints,
        target: Ints,
        by_source: Ints,
        device: torch.device,
    ) -> Leveled:
        """Lay out V nodes with these levels and members.

        Args:
            level: (V,) length of the longest path that ends at each node.
            member: (V,) member of each node.
            members: K, the number of members.
            source: (E,) node where an edge begins; edges are sorted by target.
            target: (E,) node where it ends.
            by_source: (E,) the edges in order of their source.
            device: Device of the layout's tensors.
        """
        deepest = int(level.max(initial=0)) + 1
        block = member * deepest + level
        few = members * deepest <= np.iinfo(np.int16).max
        order = np.argsort(block.astype(np.int16) if few else block, kind="stable")  # short keys sort in linear time
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
        return cls(
            members,
            bounds.tolist(),
            torch.from_numpy(node).to(device),
            torch.from_numpy(place).to(device),
            None if is_full else torch.from_numpy(there.reshape(members, size)).to(device),
            (place[source], place[target], by_source),
        )

    @cached_property
    def predecessors(self) -> Sequence[Neighbours | None]:
        """The predecessors of each level's nodes; None for a level without any."""
        source, target, _ = self.edges
        return _neighbours(source, target, self.members, self.bounds, self.node.device)

    @cached_property
    def successors(self) -> Sequence[Neighbours | None]:
        """The successors of each level's nodes; None for a level without any."""
        source, target, by_source = self.edges
        return _neighbours(target[by_source], source[by_source], self.members, self.bounds, self.node.device)

    def gather(self, values: Tensor) -> Tensor:
        """(V, d) by node -> (K, S, d) by position; empty positions hold the values of node 0: mask them."""
        return _Reorder.apply(values, self.node, self.place, None).view(self.members, -1, values.shape[-1])

    def scatter(self, values: Tensor) -> Tensor:
        """(K, S, d) by position -> (V, d) by node."""
        return _Reorder.apply(values.reshape(-1, values.shape[-1]), self.place, self.node, self.mask)


@dataclass(frozen=True)
class LeveledRows:
    """The direct mapping between the positions of a layout by level and those of rectangles.

    Attributes:
        members: K, the number of members.
        to_rows: (T,) position by level of each position of the concatenated rectangles.
        to_levels: (K * S,) the inverse. Positions without a node refer to node 0.
        in_levels, in_rows: Which positions have a node, or None if all have.
        shapes: (R, L) of each rectangle.
    """

    members: int
    to_rows: Tensor
    to_levels: Tensor
    in_levels: Tensor | None
    in_rows: Tensor | None
    shapes: list[tuple[int, int]]

    @classmethod
    def between(cls, leveled: Leveled, padded: Padded) -> LeveledRows:
        """Map between two layouts of one batch: by level, and in the rectangles `padded.parts`."""
        parts = padded.parts
        if len(parts) == 1:
            index, flat, there = padded.index.view(-1), padded.flat, None if padded.is_full else padded.mask
        else:
            index = torch.cat([part.index.view(-1) for part in parts])
            there = torch.cat([part.mask.view(-1) for part in parts])
            flat = torch.empty(padded.bounds[-1], dtype=torch.int64, device=padded.device)
            flat[index[there]] = there.nonzero()[:, 0]
        shapes = [part.shape for part in parts]
        return cls(leveled.members, leveled.place[index], flat[leveled.node], leveled.mask, there, shapes)

    def gather(self, values: Tensor) -> list[Tensor]:
        """(K, S, d) by level -> (R, L, d) per rectangle.

        Positions without a node hold the values of node 0: mask them.
        """
        flat = _Reorder.apply(values.reshape(-1, values.shape[-1]), self.to_rows, self.to_levels, self.in_levels)
        each = flat.split([rows * length for rows, length in self.shapes]) if len(self.shapes) > 1 else [flat]
        return [part.view(*shape, flat.shape[-1]) for part, shape in zip(each, self.shapes, strict=True)]

    def scatter(self, values: list[Tensor]) -> Tensor:
        """(R, L, d) per rectangle -> (K, S, d) by level; empty positions hold the values of node 0: mask them."""
        rows = torch.cat([part.flatten(0, 1) for part in values]) if len(values) > 1 else values[0].flatten(0, 1)
        flat = _Reorder.apply(rows, self.to_levels, self.to_rows, self.in_rows)
        return flat.view(self.members, -1, rows.shape[-1])


def _neighbours(
    sender: Ints, receiver: Ints, members: int, bounds: list[int], device: torch.device
) -> list[Neighbours | None]:
    """The neighbours of each level; edges (E,) as positions, grouped by receiver."""
    size, widths = bounds[-1], np.diff(bounds)
    first = np.flatnonzero(np.diff(receiver, prepend=-1))
    degree = np.zeros(members * size, np.int64)
    degree[receiver[first]] = np.diff(first, append=len(receiver))
    rank = np.arange(len(receiver)) - np.repeat(first, degree[receiver[first]])
    # The tables are concatenated, each as wide as the largest degree of its own level.
    begins = np.array(bounds[:-1])
    widest = np.maximum.reduceat(degree.reshape(members, size).max(0), begins) if size else np.zeros_like(begins)
    starts = pointer(members * widths * widest)
    row = np.repeat(starts[:-1] - begins * widest, widths) + np.arange(size) * np.repeat(widest, widths)
    rows = row + np.arange(members)[:, None] * np.repeat(widths * widest, widths)
    table = np.zeros(starts[-1], np.int64)
    table[rows.ravel()[receiver] + rank] = sender
    degree = degree.reshape(members, size)
    levels: list[Neighbours | None] = []
    for index, (begin, end) in enumerate(pairwise(bounds)):
        width = int(widest[index])
        if width == 0:
            levels.append(None)
            continue
        places = table[starts[index] : starts[index + 1]].reshape(-1, width)
        missing = np.arange(width) >= degree[:, begin:end].reshape(-1, 1)
        missing = torch.from_numpy(missing).to(device) if missing.any() else None
        levels.append(Neighbours(torch.from_numpy(places).to(device), missing))
    return levels


class _Reorder(torch.autograd.Function):
    """Reorder rows, with the inverse order as the gradient instead of a scattered sum.

    mask: the input rows that occur in the output; the others get no gradient. None if all do.
    """

    @staticmethod
    def forward(ctx, values: Tensor, index: Tensor, inverse: Tensor, mask: Tensor | None) -> Tensor:  # type: ignore[override]
        ctx.inverse, ctx.mask = inverse, mask
        return values.index_select(0, index)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        grad = grad.index_select(0, ctx.inverse)
        return (grad if ctx.mask is None else grad * ctx.mask.view(-1, 1)), None, None, None
