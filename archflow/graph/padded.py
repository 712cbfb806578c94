"""Ragged rows as padded rectangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archflow.graph.gathered import gathered
from archflow.graph.ragged import Ints, pointer, positions

FEW_PAIRS = 2**20
"""The number of pairs of positions up to which rows are padded together: a batch of 256 with 64 nodes each."""


@dataclass(frozen=True)
class Padded:
    """R ragged rows with V nodes in total as a rectangle, padded to the longest row.

    Attributes:
        bounds: Row boundaries of all ragged rows, on the host.
        device: Device of the tensors.
        members: K, the number of ensemble members that the rows belong to, in runs of R / K.
        chosen: (R,) indices of the ragged rows; all, in order, if None.
    """

    bounds: Ints
    device: torch.device
    members: int = 1
    chosen: Ints | None = None

    @gathered
    def counts(self) -> Ints:
        """(R,) number of nodes of each row, on the host."""
        counts = np.diff(self.bounds)
        return counts if self.chosen is None else counts[self.chosen]

    @gathered
    def starts(self) -> Ints:
        """(R,) first node of each row, on the host."""
        return self.bounds[:-1] if self.chosen is None else self.bounds[self.chosen]

    @gathered
    def shape(self) -> tuple[int, int]:
        """(R, L), the numbers of rows and of positions per row."""
        return len(self.counts), int(self.counts.max(initial=0))

    @gathered
    def is_full(self) -> bool:
        """Whether the positions are exactly the V nodes in order, without padding."""
        return self.chosen is None and bool((self.counts == self.shape[1]).all())

    @gathered
    def parts(self) -> list[Padded]:
        """Split into rectangles of rows of similar length.

        There are then at most four times as many pairs of positions as pairs of nodes. If that already holds, or there
        are few pairs, the only part is this rectangle.
        """
        pairs = np.square(self.counts).sum()
        if self.shape[0] * self.shape[1] ** 2 <= max(FEW_PAIRS, 4 * pairs):
            return [self]
        length = np.frexp(self.counts)[1]  # lengths of one exponent are at most a factor of two apart
        rows = np.arange(self.shape[0]) if self.chosen is None else self.chosen
        return [Padded(self.bounds, self.device, self.members, rows[length == each]) for each in np.unique(length)]

    @gathered
    def mask(self) -> Tensor:
        """(R, L) whether a position has a node."""
        return torch.from_numpy(self.there).to(self.device)

    @gathered
    def index(self) -> Tensor:
        """(R, L) node at each position; positions without a node refer to node 0."""
        index = np.where(self.there, self.starts[:, None] + np.arange(self.shape[1]), 0)
        return torch.from_numpy(index).to(self.device)

    @gathered
    def flat(self) -> Tensor:
        """(V,) position of each node in the flattened rectangle."""
        return torch.from_numpy(np.flatnonzero(self.there)).to(self.device)

    @gathered
    def pair_index(self) -> Tensor:
        """(R, L, L) index of each pair of nodes of a ragged row, counted over all rows; 0 where there is no pair."""
        counts, place = self.counts[:, None, None], np.arange(self.shape[1])
        first = pointer(np.diff(self.bounds) ** 2)[:-1]
        first = first if self.chosen is None else first[self.chosen]
        number = first[:, None, None] + place[:, None] * counts + place
        there = (place[:, None] < counts) & (place < counts)
        return torch.from_numpy(np.where(there, number, 0)).to(self.device)

    def joined(self, source: Ints, target: Ints) -> np.ndarray:
        """(R, L, L) bool: whether an edge leads from the first to the second node of a row, on the host.

        Args:
            source, target: (E,) nodes of all ragged rows; both ends of an edge are in one row.
        """
        row = np.arange(len(self.bounds) - 1)
        if self.chosen is not None:
            row = np.full(len(row), -1)
            row[self.chosen] = np.arange(len(self.chosen))
        owner = np.repeat(np.arange(len(row)), np.diff(self.bounds))[source]
        here = row[owner] >= 0
        owner, source, target = owner[here], source[here], target[here]
        edges = np.zeros((*self.shape, self.shape[1]), bool)
        edges[row[owner], source - self.bounds[owner], target - self.bounds[owner]] = True
        return edges

    def per_member(self, counts: Ints) -> list[int]:
        """Sum counts (R,) over the rows of each of the K members."""
        return counts.reshape(self.members, -1).sum(1).tolist()

    def longer(self, count: int) -> Padded:
        """Rows with `count` more nodes each."""
        return Padded(pointer(self.counts + count), self.device, self.members)

    def gather(self, values: Tensor) -> Tensor:
        """(V, ...) -> (R, L, ...); positions without a node hold the values of node 0: mask them."""
        if self.is_full:
            return values.view(*self.shape, *values.shape[1:])
        return values[self.index.view(-1)].view(*self.shape, *values.shape[1:])

    def scatter(self, values: Tensor) -> Tensor:
        """(R, L, ...) -> (V, ...)."""
        flat = values.flatten(0, 1)
        return flat if self.is_full else flat[self.flat]

    @gathered
    def nodes(self) -> Ints:
        """The nodes of the rows, concatenated, on the host."""
        return positions(self.starts, self.counts, pointer(self.counts))

    @gathered
    def there(self) -> np.ndarray:
        """(R, L) whether a position has a node, on the host."""
        return np.arange(self.shape[1]) < self.counts[:, None]


@dataclass(frozen=True)
class NodeSubset:
    """M of the V nodes of a batch, some from each architecture (or from each cell, which B then counts).

    node: (M,) their node rows. padded: their dense view (B, P); its flat rows are those of `node`.
    """

    node: Tensor
    padded: Padded

    def gather(self, values: Tensor) -> Tensor:
        """(V, d) -> (B, P, d); positions without a node hold another node's values: mask them."""
        return self.padded.gather(values.index_select(0, self.node))

    def scatter(self, values: Tensor, nodes: int) -> Tensor:
        """(B, P, d) -> (V, d) with zeros at the nodes that are not chosen; nodes: V."""
        return values.new_zeros(nodes, values.shape[-1]).index_copy(0, self.node, self.padded.scatter(values))
