"""TG-NAS: a graph convolution network whose operations are descriptions in words."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS
from archflow.encoders.described_operations import DescribedOperations
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.layers import Linear, NeighbourSum, per_member
from archflow.encoders.readout import make_readout
from archflow.graph.batch import Batch


@ENCODERS.register("tg_nas")
class TGNAS(DescribedOperations):
    """TG-NAS (arXiv 2404.00271), as far as it is published; `docs/ledg-former.md` lists archflow's own choices.

    x = W_t t(op) + attributes; `depth` times x <- ReLU(P x W + b), dropout.
    P = D^-1/2 (A + A^T + I) D^-1/2 with the degrees D of A + A^T + I (Kipf & Welling 2017, eq. 2).

    Args:
        text: Whether t(op) is a frozen sentence encoder's vector of the operation's description; otherwise operations
            have learned embeddings.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        text: bool = False,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__(n_ops, width, text, n_attributes)
        self.dropout = dropout
        self.layers = nn.ModuleList(Linear(width, width) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.inputs(self.table(), batch).values
        edges = batch.undirected
        scale = torch.rsqrt(edges.ptr.diff() + 1.0)[:, None]
        for layer in self.layers:
            sent = x * scale
            around = (sent + NeighbourSum.apply(sent, edges)) * scale
            x = relu_dropout(per_member(layer, around, batch), self.dropout, self.training, batch)
        return x
