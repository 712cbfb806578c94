"""arch2vec's encoder: a graph isomorphism network that outputs the mean of a variational code."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archflow.encoders.attention import by_node, by_place, directions, neighbour_sum
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import one_hot
from archflow.encoders.layers import BatchNorm, Linear
from archflow.encoders.readout import make_readout
from archflow.graph.batch import Batch


class VariationalLayer(nn.Module):
    """x <- ReLU(BN(W2 ReLU(BN(W1 ((1 + eps) x + sum over neighbours of x)))))."""

    def __init__(self, n_in: int, dim: int) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.zeros(1, 1, 1))
        self.hidden, self.out = Linear(n_in, dim), Linear(dim, dim)
        self.norm_hidden, self.norm = BatchNorm(dim), BatchNorm(dim)

    def forward(self, x: Tensor, neighbours: Tensor, mask: Tensor | None) -> Tensor:
        """(K, S, in) -> (K, S, d).

        Args:
            x: (K, S, in) node states.
            neighbours: (B, L, L) edges in both directions.
            mask: (K, S) whether a position has a node; None if all have.
        """
        x = neighbour_sum(neighbours, x).addcmul_(x, 1 + self.epsilon)
        hidden = torch.relu_(self.norm_hidden(self.hidden(x), mask))
        return torch.relu_(self.norm(self.out(hidden), mask))


@ENCODERS.register("arch2vec")
class Arch2Vec(Encoder):
    """The encoder of arch2vec (Yan et al., NeurIPS 2020).

    A graph isomorphism network (Xu et al. 2019) with batch normalisation, on undirected edges. A node's embedding is
    mu, the mean of its code; an architecture's embedding is the mean over its nodes. The variance and the decoder are
    part of the pre-training task.

    Args:
        width: Width of the layers; 128 for every space.
        dim: Entries of the code; 16.
        depth: Number of layers; 4.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 4,
        dim: int = 16,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers = depth
        self.dim = dim
        self.layers = nn.ModuleList(
            VariationalLayer(width if i else n_ops + 2 * n_attributes, width) for i in range(depth)
        )
        self.mean = Linear(width, dim)
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, dim) node embeddings."""
        return by_node(self.mean(self._by_place(batch)), batch)

    def hidden(self, batch: Batch) -> Tensor:
        """(V, width) states from which the mean of each node's code is computed, and in pre-training its variance."""
        return by_node(self._by_place(batch), batch)

    def _by_place(self, batch: Batch) -> Tensor:
        x = by_place(one_hot(batch, self.n_ops, self.n_attributes, self.mean.weight.dtype), batch)
        forth, back = directions(batch, x)
        neighbours = forth + back
        mask = None if batch.padded.is_full else batch.padded.mask.view(batch.members, -1)
        for layer in self.layers:
            x = layer(x, neighbours, mask)
        return x
