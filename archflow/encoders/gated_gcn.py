"""The residual gated graph convolution network, FGP's simple and fast encoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import LookedUp, NodeInput, NodeValues
from archflow.encoders.layers import GatedSum, Linear, per_member
from archflow.encoders.readout import make_readout
from archflow.graph.batch import Batch, Edges

FEW_PAIRS = 256
"""Up to this many messages between operations are always looked up: the square of sixteen operations."""


class GatedConvolution(nn.Module):
    """y_i = W1 x_i + b + sum_j sigmoid(W3 x_i + W4 x_j) * W2 x_j  (Bresson & Laurent 2017, eq. 11).

    The four matrices are one parameter (d, 4d), in the order W1 (skip), W3 (key), W4 (query), W2 (value), so that one
    product computes all four.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.projections = Linear(dim, 4 * dim)
        with torch.no_grad():
            self.projections.bias[:, :dim] = 0  # type: ignore[index]

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, d) node embeddings -> (V, d)."""
        skip, key, query, value = per_member(self.projections, x, batch).chunk(4, 1)
        return GatedSum.apply(key, query, value, batch.undirected).add_(skip)

    def of_inputs(self, x: NodeValues) -> Tensor:
        """The same for the inputs of the encoder -> (V, d).

        Nodes without attributes have only |O| different projections. If |O|^2 is also no larger than the number of
        edges of a run, or than `FEW_PAIRS`, the messages are looked up in a table, since each depends on two operations
        alone.
        """
        edges = x.batch.undirected
        if isinstance(x, LookedUp) and x.table.shape[1] ** 2 <= max(FEW_PAIRS, len(edges.source) // len(x.table)):
            return self._of_pairs(x, edges)
        skip, key, query, value = x.map(self.projections).values.chunk(4, 1)
        return GatedSum.apply(key, query, value, edges).add_(skip)

    def _of_pairs(self, x: LookedUp, edges: Edges) -> Tensor:
        table, rows = x.table, x.row
        _, n_ops, dim = table.shape
        skip, key, query, value = self.projections(table).chunk(4, -1)
        messages = torch.sigmoid(key[:, :, None] + query[:, None]) * value[:, None]  # (K, |O| receiver, |O| sender, d)
        pair = rows[edges.target] * n_ops + rows[edges.source] % n_ops
        received = F.embedding_bag(pair, messages.reshape(-1, dim), edges.ptr, mode="sum", include_last_offset=True)
        return received.add_(F.embedding(rows, skip.reshape(-1, dim)))


@ENCODERS.register("gated_gcn")
class GatedGCN(Encoder):
    """ResGatedGCN as in FGP (NeurIPS 2025), section on encoders.

    x0 = one-hot(op) W_in + b; three times: x <- ReLU((1 - residual) GatedConvolution(x) + residual x0), dropout.
    Messages pass along every edge in both directions.

    Args:
        width: d; 128 for NAS-Bench-201, 256 for NAS-Bench-101 and -301.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        residual: float = 0.2,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.dropout, self.residual = dropout, residual
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.convolutions = nn.ModuleList(GatedConvolution(width) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        entering = self.inputs(table, batch)
        x0 = entering.map(lambda values: self.residual * values).values
        x = None
        for convolution in self.convolutions:
            assert isinstance(convolution, GatedConvolution)
            y = convolution.of_inputs(entering) if x is None else convolution(x, batch)
            x = relu_dropout(torch.add(x0, y, alpha=1 - self.residual), self.dropout, self.training, batch)
        assert x is not None
        return x
