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
    """Ragged rows as a rectangle, padded to the longest.

    Attributes:
        bounds: (R+1,) where every ragged row begins and ends, on the host.
        members: K, the ensemble members that the rows belong to, in runs of R / K.
        index: (R, L) flat row of every padded position; those without a node point at row 0.
        mask: (R, L) whether a position has a node.
        flat: (V,) the position of every node in the flattened rectangle.
        is_full: Every position has a node.
    """

    bounds: Ints
    members: int
    index: Tensor
    mask: Tensor
    flat: Tensor
    is_full: bool

    @classmethod
    def of(cls, bounds: Ints, device: torch.device, members: int = 1) -> Padded:
        """The rectangle of the rows that bounds (R+1,) divides."""
        counts = np.diff(bounds)
        place = np.arange(counts.max(initial=0))
        mask = place < counts[:, None]
        index = np.where(mask, bounds[:-1, None] + place, 0)
        index, flat, there = (torch.from_numpy(array).to(device) for array in (index, np.flatnonzero(mask), mask))
        return cls(bounds, members, index, there, flat, bool(mask.all()))

    @property
    def counts(self) -> Ints:
        """(R,) nodes of every row, on the host."""
        return np.diff(self.bounds)

    def per_member(self, counts: Ints) -> list[int]:
        """The sums of the rows' counts (R,) over the rows of each of the K members."""
        return counts.reshape(self.members, -1).sum(1).tolist()

    @cached_property
    def pair_index(self) -> Tensor:
        """(R, L, L) number of every pair of nodes of one row, rows one after the other; 0 where there is no pair."""
        counts = self.counts[:, None, None]
        place = np.arange(counts.max(initial=0))
        number = pointer((counts**2).ravel())[:-1, None, None] + place[:, None] * counts + place
        there = (place[:, None] < counts) & (place < counts)
        return torch.from_numpy(np.where(there, number, 0)).to(self.index.device)

    def longer(self, count: int) -> Padded:
        """Rows with so many nodes more each."""
        return Padded.of(pointer(self.counts + count), self.index.device, self.members)

    def gather(self, values: Tensor) -> Tensor:
        """(V, ...) -> (R, L, ...); places without a node hold the values of row 0: mask them."""
        if self.is_full:
            return values.view(*self.mask.shape, *values.shape[1:])
        return values[self.index.view(-1)].view(*self.mask.shape, *values.shape[1:])

    def scatter(self, values: Tensor) -> Tensor:
        """(R, L, ...) -> (V, ...)."""
        flat = values.flatten(0, 1)
        return flat if self.is_full else flat[self.flat]
