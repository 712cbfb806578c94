"""The residual gated graph convolution network, FGP's plain and fast encoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.layers import GatedSum, Linear, per_member, relu_dropout, table_rows
from archflow.graph.batch import Batch, Edges


class GatedConvolution(nn.Module):
    """y_i = W1 x_i + b + sum_j sigmoid(W3 x_i + W4 x_j) * W2 x_j  (Bresson & Laurent 2017, eq. 11).

    The four matrices lie side by side as one product: (d, 4d), in the order W1 (skip), W3 (key), W4 (query),
    W2 (value).
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

    def of_operations(self, table: Tensor, rows: Tensor, edges: Edges) -> Tensor:
        """The same for nodes that are known by their operation alone: (K, |O|, d) embeddings of the operations.

        Skip and message depend on one and two operations: |O| and |O|^2 rows are computed, V and E looked up.
        rows: (V,) every node's row in the (K |O|, d) table.
        """
        members, n_ops, dim = table.shape
        skip, key, query, value = (
            self.projections(table if members > 1 else table[0]).view(-1, n_ops, 4 * dim).chunk(4, -1)
        )
        messages = torch.sigmoid(key[:, :, None] + query[:, None]) * value[:, None]  # (K, |O| receiver, |O| sender, d)
        pair = rows[edges.target] * n_ops + rows[edges.source] % n_ops
        received = F.embedding_bag(pair, messages.reshape(-1, dim), edges.ptr, mode="sum", include_last_offset=True)
        return received.add_(F.embedding(rows, skip.reshape(-1, dim)))


@ENCODERS.register("gated_gcn")
class GatedGCN(Encoder):
    """ResGatedGCN as in FGP (NeurIPS 2025), section on encoders.

    x0 = one-hot(op) W_in + b; three times: x <- ReLU((1 - residual) GatedConvolution(x) + residual x0), dropout.
    Messages pass along every edge in both directions.

    width: d, 128 for NAS-Bench-201, 256 for NAS-Bench-101 and -301.
    """

    stackable = True

    def __init__(
        self, n_ops: int, width: int = 128, depth: int = 3, dropout: float = 0.1, residual: float = 0.2
    ) -> None:
        super().__init__()
        self.dropout, self.residual = dropout, residual
        self.operations = Linear(n_ops, width)
        self.convolutions = nn.ModuleList(GatedConvolution(width) for _ in range(depth))

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        rows = table_rows(batch, self.n_ops)
        x0 = F.embedding(rows, (self.residual * table).view(-1, self.dim))
        x = None
        for convolution in self.convolutions:
            assert isinstance(convolution, GatedConvolution)
            first = x is None
            y = convolution.of_operations(table, rows, batch.undirected) if first else convolution(x, batch)
            x = relu_dropout(torch.add(x0, y, alpha=1 - self.residual), self.dropout, self.training)
        assert x is not None
        return x
