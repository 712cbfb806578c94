"""A general, powerful, scalable graph Transformer: messages along edges and attention among all nodes, in parallel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archflow.encoders.attention import AttentionHeads, Perceptron, by_node, by_place, padding_mask
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import dropout
from archflow.encoders.gated_gcn import GatedConvolution
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import BatchNorm, Linear, sinusoids
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


class GPSLayer(nn.Module):
    """x <- BN(x + ReLU(gated convolution(x))) + BN(x + W_o heads(x)), then x <- BN(x + perceptron(x)).

    Dropout applies to every residual branch. The convolution's messages pass along every edge in both directions.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.convolution = GatedConvolution(dim)
        self.attention, self.mix = AttentionHeads(dim, heads, dim // heads), Linear(dim, dim)
        self.perceptron = Perceptron(dim, 2 * dim)
        self.norm_convolution, self.norm_attention, self.norm = BatchNorm(dim), BatchNorm(dim), BatchNorm(dim)

    def forward(self, x: Tensor, batch: Batch, attends: Tensor, mask: Tensor | None) -> Tensor:
        """(K, S, d) -> (K, S, d). attends: `padding_mask`. mask: (K, S) whether a position has a node, or None."""
        received = by_place(torch.relu(self.convolution(by_node(x, batch), batch)), batch)
        attended = self.mix(self.attention(x, attends))
        near = self.norm_convolution(x + self._drop(received, batch), mask)
        x = near + self.norm_attention(x + self._drop(attended, batch), mask)
        return self.norm(x + self._drop(self.perceptron(x), batch), mask)

    def _drop(self, x: Tensor, batch: Batch) -> Tensor:
        return dropout(x, self.dropout, self.training, batch.padded)


@ENCODERS.register("gps")
class GPS(Encoder):
    """A GraphGPS-style encoder (Rampasek et al., NeurIPS 2022): gated messages and global attention.

    `depth` layers (`GPSLayer`) on embedding(op) + the sinusoidal encoding of the topological level.

    GraphGPS leaves the choice of positional encoding open. Laplacian eigenvectors have an arbitrary sign and ignore the
    direction of edges; the level has neither fault. Edge features are left out, since our edges have none. GraphGPS was
    not published for architectures; width and depth are those of the other plain encoders here.

    Raises:
        ArchflowError: If `heads` does not divide `width`, or `width` is odd.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        heads: int = 4,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % heads or width % 2:
            raise ArchflowError(f"gps: width {width} must be even and a multiple of its {heads} heads")
        self.operations, self.inputs = Linear(n_ops, width, bias=False), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(GPSLayer(width, heads, dropout) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.inputs(self.operations.weight, batch).padded + by_place(sinusoids(batch.level, self.dim), batch)
        mask = None if batch.padded.is_full else batch.padded.mask.view(batch.members, -1)
        attends = padding_mask(batch, x.dtype)
        for layer in self.layers:
            x = layer(x, batch, attends, mask)
        return by_node(x, batch)
