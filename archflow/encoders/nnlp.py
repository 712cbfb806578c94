"""NNLP, the latency predictor of NNLQP: GraphSAGE with a sum over nodes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import Linear, NeighbourSum, per_member
from archflow.encoders.summed import SumAndTotals
from archflow.graph.batch import Batch


class SageConvolution(nn.Module):
    """y_v = W1 mean of x_u over predecessors u + b + W2 x_v, scaled to length 1 (Hamilton et al. 2017)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.neighbours, self.own = Linear(dim, dim), Linear(dim, dim, bias=False)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, d) -> (V, d)."""
        received = NeighbourSum.apply(x, batch.edges)
        mean = received / batch.edges.ptr.diff().clamp(min=1)[:, None]
        return F.normalize(per_member(self.neighbours, mean, batch) + per_member(self.own, x, batch), dim=-1)


@ENCODERS.register("nnlp")
class NNLP(Encoder):
    """NNLP (Liu et al., ICPP 2022): `depth` times x <- dropout(ReLU(GraphSAGE(x))), then `SumAndTotals`.

    Memory is linear in nodes. The input layer that all encoders share maps the operation and the standardised
    attributes to `width` entries; the published first convolution reads a one-hot operation and 12 numbers directly.

    Args:
        width, depth: 512 and 2.
    """

    stackable = True

    def __init__(
        self, n_ops: int, width: int = 512, depth: int = 2, dropout: float = 0.05, n_attributes: int = 0
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.convolutions = nn.ModuleList(SageConvolution(width) for _ in range(depth))
        self.readout = SumAndTotals(width, n_attributes)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        x = self.inputs(table, batch).values
        for convolution in self.convolutions:
            x = relu_dropout(convolution(x, batch), self.dropout, self.training, batch)
        return x
