"""PINAT: a Transformer with heads that pass messages between sets of neighbours."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import (
    AttentionHeads,
    Perceptron,
    by_node,
    directions,
    neighbour_sum,
    padding_mask,
)
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import dropout
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded

SLOPE = 0.2
"""Slope of the leaky ReLUs in set convolutions."""


def _glorot(*shape: int) -> nn.Parameter:
    bound = math.sqrt(6 / (shape[-2] + shape[-1]))
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class SetConvolution(nn.Module):
    """A function of the set of a node and its predecessors, applied to every one of `n_out` channels c.

        s_vct = sum over u in {v} and predecessors of v of LeakyReLU(a_c (W x_u)_ct + b_c)
        y_vck = z_ck LeakyReLU(sum_t M_ctk s_vct + e_ck)

    t, k: heads. concat: whether the y_k are concatenated; otherwise they are added.
    """

    def __init__(self, n_in: int, n_out: int, heads: int, *, concat: bool) -> None:
        super().__init__()
        self.concat = concat
        self.spread = Linear(n_in, n_out * heads, bias=False)
        self.scale, self.shift = _glorot(1, n_out, 1, 1), nn.Parameter(torch.zeros(1, n_out, 1))
        self.mix, self.bias = _glorot(1, n_out, heads, heads), nn.Parameter(torch.zeros(1, n_out, heads))
        self.weight = _glorot(1, n_out, heads)

    def forward(self, x: Tensor, neighbours: Tensor) -> Tensor:
        """(K, S, in) -> (K, S, out * heads), or (K, S, out). neighbours: (B, L, L) a node and its predecessors."""
        spread = self.spread(x)
        channels = (*x.shape[:2], *self.mix.shape[1:3])
        messages = torch.addcmul(self.shift[:, None], spread.view(channels), self.scale[:, None, :, 0])
        messages = F.leaky_relu(messages, SLOPE, inplace=True)
        received = neighbour_sum(neighbours, messages.view(spread.shape)).view(channels)
        mixed = torch.einsum("ksct,kctm->kscm", received, self.mix)
        y = F.leaky_relu(mixed + self.bias[:, None], SLOPE, inplace=True)
        if self.concat:
            return (y * self.weight[:, None]).flatten(2)
        return torch.einsum("kscm,kcm->ksc", y, self.weight)


class SetConvolutions(nn.Module):
    """x <- ELU(convolution(x) + linear(x)) twice, then convolution(x) + linear(x)."""

    def __init__(self, n_in: int, hidden: int, n_out: int, heads: int) -> None:
        super().__init__()
        sizes = ((n_in, hidden * heads), (hidden * heads, hidden * heads), (hidden * heads, n_out))
        self.convolutions = nn.ModuleList(
            SetConvolution(before, n_out if last else hidden, heads, concat=not last)
            for (before, _), last in zip(sizes, (False, False, True), strict=True)
        )
        self.skips = nn.ModuleList(Linear(*size) for size in sizes)

    def forward(self, x: Tensor, neighbours: Tensor) -> Tensor:
        """(K, S, in) -> (K, S, out). neighbours: as `SetConvolution` takes it."""
        layers = list(zip(self.convolutions, self.skips, strict=True))
        for convolution, skip in layers[:-1]:
            x = F.elu(convolution(x, neighbours) + skip(x))
        convolution, skip = layers[-1]
        return convolution(x, neighbours) + skip(x)


class PINATLayer(nn.Module):
    """x <- LN(x + W_o [PISA(x) || heads(x)]), then x <- LN(x + perceptron(x)): two heads of each kind."""

    def __init__(self, dim: int, heads: int, head_width: int, hidden: int, set_hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.sets = SetConvolutions(dim, set_hidden, heads * head_width, heads)
        self.attention = AttentionHeads(dim, heads, head_width, bias=False, dropout=dropout)
        self.mix = Linear(2 * heads * head_width, dim, bias=False)
        self.perceptron = Perceptron(dim, hidden)
        self.after_attention, self.after_perceptron = LayerNorm(dim), LayerNorm(dim)

    def forward(self, x: Tensor, mask: Tensor, neighbours: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d).

        Args:
            x: (K, S, d) states.
            mask: An `additive_mask`.
            neighbours: As `SetConvolution` takes it.
            rows: The padded layout.
        """
        both = torch.cat([self.sets(x, neighbours), self.attention(x, mask, rows)], 2)
        x = self.after_attention(x + self._drop(self.mix(both), rows))
        return self.after_perceptron(x + self._drop(self.perceptron(x, rows), rows))

    def _drop(self, x: Tensor, rows: Padded | None) -> Tensor:
        return dropout(x, self.dropout, self.training, rows)


@ENCODERS.register("pinat")
class PINAT(Encoder):
    """PINAT (Lu et al., AAAI 2023).

    Tokens contain three set convolutions (PITE), and every layer has three more (PISA).

        x = LN(embedding(op) + (D - A) P + c + PITE(one-hot op))
        x <- LN(x + W_o [PISA(x) || softmax(Q K^T / 8) V]);  x <- LN(x + perceptron(x))      `depth` times

    D - A: the Laplacian of the directed graph, D the numbers of successors; nodes are numbered by topological level,
    with ties in the given order, so the embedding reads positions. P has a row for each of `max_nodes` numbers. PITE
    has 6 heads, PISA and attention 2 each, 64 entries wide; set convolutions have 16 hidden entries per head.

    In the released code, padding takes part in cells of fewer than seven nodes, and a linear layer maps the 4 feature
    maps of a NAS-Bench-201 cell to its 6 operations. Ours attends to real nodes and averages over them, and has an
    operation on every node of NAS-Bench-201 too: one model for every space. Attributes are added to embedding(op), not
    to PITE.

    Args:
        width, depth: 80 and 3 for NAS-Bench-101 and -201.

    Raises:
        ArchflowError: When called, for an architecture of more than `max_nodes` nodes.
    """

    stackable = True
    reads_positions = True

    def __init__(
        self,
        n_ops: int,
        width: int = 80,
        depth: int = 3,
        hidden: int = 512,
        dropout: float = 0.1,
        max_nodes: int = 32,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, 2
        self.dropout = dropout
        self.operations, self.positions = Linear(n_ops, width, bias=False), Linear(max_nodes, width)
        nn.init.normal_(self.operations.weight)
        self.inputs = NodeInput(n_attributes, width)
        self.sets = SetConvolutions(n_ops, 16, width, heads=6)
        self.before = LayerNorm(width)
        self.layers = nn.ModuleList(PINATLayer(width, 2, 64, hidden, 16, dropout) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.inputs(self.operations.weight, batch).padded
        forth, back = directions(batch, x)
        neighbours = back + torch.eye(back.shape[1], dtype=back.dtype, device=back.device)
        x = dropout(x + self._laplacian(forth, batch), self.dropout, self.training, batch.padded)
        ops = F.one_hot(batch.padded.gather(batch.op), self.n_ops).to(x.dtype).view(*x.shape[:2], self.n_ops)
        x = self.before(x + dropout(self.sets(ops, neighbours), self.dropout, self.training, batch.padded))
        mask = padding_mask(batch, x.dtype)
        for layer in self.layers:
            x = layer(x, mask, neighbours, batch.padded)
        return by_node(x, batch)

    def _laplacian(self, forth: Tensor, batch: Batch) -> Tensor:
        """(K, S, d) rows of (D - A) P + c."""
        weight, bias = self.positions.weight, self.positions.bias
        assert bias is not None
        if forth.shape[1] > weight.shape[1]:
            raise ArchflowError(
                f"pinat: an architecture has {forth.shape[1]} nodes, the encoder can number {weight.shape[1]}; "
                "build it with a larger max_nodes, or use an encoder without node numbers, such as gated_gcn or gin"
            )
        rank = batch.rows_of(weight, batch.rank)
        own = F.embedding(batch.padded.gather(rank).view(batch.members, -1), weight.reshape(-1, self.dim))
        out_degree = forth.sum(2).view(batch.members, -1, 1)
        return out_degree * own - neighbour_sum(forth, own) + bias[:, None]
