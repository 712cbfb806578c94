"""The graph isomorphism network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import one_hot
from archflow.encoders.layers import Linear, NeighbourSum, per_member
from archflow.encoders.readout import make_readout
from archflow.graph.batch import Batch


class IsomorphismConvolution(nn.Module):
    """y_i = MLP(x_i + sum_j x_j) with one hidden layer (Xu et al. 2019, eq. 4.1, epsilon = 0)."""

    def __init__(self, n_in: int, dim: int) -> None:
        super().__init__()
        self.hidden, self.out = Linear(n_in, dim), Linear(dim, dim)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, in) -> (V, d)."""
        x = NeighbourSum.apply(x, batch.undirected).add_(x)
        return per_member(self.out, torch.relu_(per_member(self.hidden, x, batch)), batch)


@ENCODERS.register("gin")
class GIN(Encoder):
    """GIN as in FGP: three convolutions, each followed by dropout and ReLU, with their outputs concatenated.

    Messages pass in both directions.

    Args:
        width: Width of one layer; the embedding has depth * width entries.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.dim, self.dropout = depth * width, dropout
        self.convolutions = nn.ModuleList(
            IsomorphismConvolution(width if i else n_ops + 2 * n_attributes, width) for i in range(depth)
        )
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, depth * width) node embeddings."""
        x = one_hot(batch, self.n_ops, self.n_attributes, self.convolutions[0].hidden.weight.dtype)  # type: ignore[union-attr]
        layers = []
        for convolution in self.convolutions:
            x = relu_dropout(convolution(x, batch), self.dropout, self.training, batch)
            layers.append(x)
        return torch.cat(layers, 1)
