"""Ragged rows as a rectangle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from archflow.graph.ragged import Ints, pointer


@dataclass(frozen=True)
class Padded:
    """R ragged rows with V nodes in all as a rectangle, padded to the longest row.

    Attributes:
        bounds: (R+1,) where every ragged row begins and ends, on the host.
        device: Of the tensors.
        members: K, the ensemble members that the rows belong to, in runs of R / K.
    """

    bounds: Ints
    device: torch.device
    members: int = 1

    @cached_property
    def counts(self) -> Ints:
        """(R,) nodes of every row, on the host."""
        return np.diff(self.bounds)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(R, L) rows, and positions of each."""
        return len(self.counts), int(self.counts.max(initial=0))

    @cached_property
    def is_full(self) -> bool:
        """Whether every position has a node."""
        return bool((self.counts == self.shape[1]).all())

    @cached_property
    def mask(self) -> Tensor:
        """(R, L) whether a position has a node."""
        return torch.from_numpy(self._there).to(self.device)

    @cached_property
    def index(self) -> Tensor:
        """(R, L) node of every position; positions without a node point at node 0."""
        index = np.where(self._there, self.bounds[:-1, None] + np.arange(self.shape[1]), 0)
        return torch.from_numpy(index).to(self.device)

    @cached_property
    def flat(self) -> Tensor:
        """(V,) position of every node in the flattened rectangle."""
        return torch.from_numpy(np.flatnonzero(self._there)).to(self.device)

    @cached_property
    def pair_index(self) -> Tensor:
        """(R, L, L) number of every pair of nodes of one row, rows one after the other; 0 where there is no pair."""
        counts, place = self.counts[:, None, None], np.arange(self.shape[1])
        number = pointer((counts**2).ravel())[:-1, None, None] + place[:, None] * counts + place
        there = (place[:, None] < counts) & (place < counts)
        return torch.from_numpy(np.where(there, number, 0)).to(self.device)

    def per_member(self, counts: Ints) -> list[int]:
        """The sums of the rows' counts (R,) over the rows of each of the K members."""
        return counts.reshape(self.members, -1).sum(1).tolist()

    def longer(self, count: int) -> Padded:
        """Rows with so many nodes more each."""
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

    @cached_property
    def _there(self) -> np.ndarray:
        return np.arange(self.shape[1]) < self.counts[:, None]


@dataclass(frozen=True)
class NodeSubset:
    """M of the V nodes of a batch, of every architecture (or every cell: then B counts these) some.

    node: (M,) their node rows. padded: their dense view (B, P); its flat rows are those of `node`.
    """

    node: Tensor
    padded: Padded

    def gather(self, values: Tensor) -> Tensor:
        """(V, d) -> (B, P, d); places without a node hold another node's values: mask them."""
        return self.padded.gather(values.index_select(0, self.node))

    def scatter(self, values: Tensor, nodes: int) -> Tensor:
        """(B, P, d) -> (V, d) with zeros at the nodes that are not chosen; nodes: V."""
        return values.new_zeros(nodes, values.shape[-1]).index_copy(0, self.node, self.padded.scatter(values))
