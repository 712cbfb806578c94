"""Ragged rows as a rectangle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archflow.graph.ragged import Ints


@dataclass(frozen=True)
class Padded:
    """Ragged rows as a rectangle.

    index: (R, L) flat row of every place; places without a node point at row 0. mask: (R, L) whether there is a node.
    flat: (V,) the place of every node in the flattened rectangle. is_full: every place has a node, in order.
    """

    index: Tensor
    mask: Tensor
    flat: Tensor
    is_full: bool

    @classmethod
    def of(cls, bounds: Ints, device: torch.device) -> Padded:
        """The rectangle of the rows that bounds (R+1,) divides."""
        counts = np.diff(bounds)
        place = np.arange(counts.max(initial=0))
        mask = place < counts[:, None]
        index = np.where(mask, bounds[:-1, None] + place, 0)
        index, flat, there = (torch.from_numpy(array).to(device) for array in (index, np.flatnonzero(mask), mask))
        return cls(index, there, flat, bool(mask.all()))

    def gather(self, values: Tensor) -> Tensor:
        """(V, ...) -> (R, L, ...); places without a node hold the values of row 0: mask them."""
        if self.is_full:
            return values.view(*self.mask.shape, *values.shape[1:])
        return values[self.index.view(-1)].view(*self.mask.shape, *values.shape[1:])

    def scatter(self, values: Tensor) -> Tensor:
        """(R, L, ...) -> (V, ...)."""
        flat = values.flatten(0, 1)
        return flat if self.is_full else flat[self.flat]


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
