"""The first layer of all encoders: it combines a node's operation and attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.layers import Linear, per_member
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


@dataclass(frozen=True)
class LookedUp:
    """Node values stored as a small table and an index: functions are applied to the table, then rows are gathered.

    Attributes:
        table: (K, n, d) one table per member.
        row: (V,) row of each node in the (K n, d) rows of all tables; see `Batch.rows_of`.
        batch: The batch of these nodes.
    """

    table: Tensor
    row: Tensor
    batch: Batch

    @property
    def values(self) -> Tensor:
        """(V, d) by node."""
        return F.embedding(self.row, self.table.flatten(0, 1))

    @property
    def padded(self) -> Tensor:
        """(K, S, d) in the layout of `Batch.padded`."""
        row = self.batch.padded.gather(self.row)
        return F.embedding(row.view(self.batch.members, -1), self.table.flatten(0, 1))

    @property
    def leveled(self) -> Tensor:
        """(K, S, d) in the layout of `Batch.leveled`."""
        row = self.row[self.batch.leveled.node]
        return F.embedding(row.view(self.batch.members, -1), self.table.flatten(0, 1))

    def map(self, function: Callable[[Tensor], Tensor]) -> LookedUp:
        """Apply a function (K, rows, d) -> (K, rows, out) to the values of all members."""
        return LookedUp(function(self.table), self.row, self.batch)


@dataclass(frozen=True)
class OfNodes:
    """Node values (V, d) that may all differ, with the same interface as `LookedUp`."""

    values: Tensor
    batch: Batch

    @property
    def padded(self) -> Tensor:
        """(K, S, d) in the layout of `Batch.padded`."""
        return self.batch.padded.gather(self.values).view(self.batch.members, -1, self.values.shape[1])

    @property
    def leveled(self) -> Tensor:
        """(K, S, d) in the layout of `Batch.leveled`."""
        return self.batch.leveled.gather(self.values)

    def map(self, function: Callable[[Tensor], Tensor]) -> OfNodes:
        """Apply a function (K, rows, d) -> (K, rows, out) to the values of all members."""
        return OfNodes(per_member(function, self.values, self.batch), self.batch)


NodeValues = LookedUp | OfNodes


class NodeInput(nn.Module):
    """The input of a node to an encoder.

        x_v = E[operation of v] + W a_v + M m_v

    a_v: the standardised attributes, 0 where a node has none. m_v: 1 where it has none, else 0. E belongs to the
    encoder, [W M] is `attributes`. Without attributes x is a table of |O| rows, and this layer has no parameters.
    """

    def __init__(self, n_attributes: int, dim: int) -> None:
        super().__init__()
        self.n_attributes = n_attributes
        self.attributes = Linear(2 * n_attributes, dim, bias=False) if n_attributes else None

    def forward(self, table: Tensor, batch: Batch) -> NodeValues:
        """Compute the values of every node.

        Args:
            table: (K, |O|, dim) E, the embeddings of the operations.
            batch: The nodes.

        Raises:
            ArchflowError: If the batch has another number of attributes.
        """
        known = LookedUp(table, batch.rows_of(table), batch)
        return known if self.attributes is None else OfNodes(self.add_attributes(known.values, batch), batch)

    def add_attributes(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, dim) x_v + W a_v + M m_v. Raises as for `forward`."""
        if self.attributes is None:
            return x
        return x + per_member(self.attributes, attribute_features(batch, self.n_attributes, x.dtype), batch)


def attribute_features(batch: Batch, n_attributes: int, dtype: torch.dtype) -> Tensor:
    """(V, 2F) [a || m]: the attributes, 0 where a node has none, then indicators, 1 where it has none and 0 elsewhere.

    Raises:
        ArchflowError: If the number of attributes differs between the batch and the encoder.
    """
    attributes = batch.attributes
    found = 0 if attributes is None else attributes.shape[1]
    if attributes is None or found != n_attributes:
        raise ArchflowError(
            f"the encoder reads {n_attributes} node attributes, these architectures have {found}; "
            f"build it with n_attributes={found}, or give it architectures with its attributes"
        )
    missing = attributes.isnan()
    return torch.cat([attributes.masked_fill(missing, 0), missing], 1).to(dtype)


def one_hot(batch: Batch, n_ops: int, n_attributes: int, dtype: torch.dtype) -> Tensor:
    """(V, |O| + 2F) the one-hot operation and the `attribute_features`.

    A linear layer on it is equivalent to `NodeInput`. Raises as for `attribute_features`.
    """
    operation = F.one_hot(batch.op, n_ops).to(dtype)
    if not n_attributes:
        return operation
    return torch.cat([operation, attribute_features(batch, n_attributes, dtype)], 1)
