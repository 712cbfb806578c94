"""PACE: all nodes of a graph at once, each with an encoding of its position, attending to its ancestors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import AttentionHeads, Perceptron, additive_mask, by_node, by_place
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import dropout, relu_dropout
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear, per_member, sinusoids
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded


class PlaceEncoding(nn.Module):
    """p_v = W_2 ReLU(W_own s(c_v) + sum over the predecessors u of W_neighbour s(c_u)): PACE's dag2seq.

    c_v: the node's canonical label. s: its sinusoidal encoding, as in the released code for cell benchmarks; the paper
    has one-hot labels, which would limit the size of graphs. Sums over different sets of labels still differ, because
    e^i is transcendental, so different graphs have different codes.

    There are few labels, so both products of the first layer are computed once per label.
    """

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.dim, self.dropout = dim, dropout
        self.own, self.neighbour = Linear(dim, 2 * dim, bias=False), Linear(dim, 2 * dim, bias=False)
        self.out = Linear(2 * dim, dim, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """(V, dim)."""
        labels = batch.padded.shape[1]
        codes = sinusoids(torch.arange(labels, device=batch.op.device), self.dim).to(self.own.weight.dtype)
        codes = codes.expand(batch.members, labels, self.dim)
        row = batch.rows_of(codes, batch.canonical_label)
        own = F.embedding(row, self.own(codes).flatten(0, 1))
        edges = batch.edges
        received = F.embedding_bag(
            row[edges.source], self.neighbour(codes).flatten(0, 1), edges.ptr, mode="sum", include_last_offset=True
        )
        hidden = relu_dropout(own + received, self.dropout, self.training, batch)
        return dropout(per_member(self.out, hidden, batch), self.dropout, self.training, batch)


class AncestorLayer(nn.Module):
    """A post-norm Transformer layer in which every node attends to itself and to its ancestors.

    The hidden layer of its perceptron is as wide as the layer itself.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.attention, self.mix = AttentionHeads(dim, heads, dim // heads, dropout=dropout), Linear(dim, dim)
        self.perceptron = Perceptron(dim, dim, dropout)
        self.behind_attention, self.behind_perceptron = LayerNorm(dim), LayerNorm(dim)

    def forward(self, x: Tensor, mask: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d). mask: `additive_mask`. rows: the padded layout."""
        x = self.behind_attention(x + self._drop(self.mix(self.attention(x, mask, rows)), rows))
        return self.behind_perceptron(x + self._drop(self.perceptron(x, rows), rows))

    def _drop(self, x: Tensor, rows: Padded | None) -> Tensor:
        return dropout(x, self.dropout, self.training, rows)


@ENCODERS.register("pace")
class PACE(Encoder):
    """PACE (Dong et al., ICML 2022), "A Parallelizable Computation Encoder for Directed Acyclic Graphs".

    x_v = [ReLU(one-hot(op) W + b) || p_v], half the width each, p_v of `PlaceEncoding`; then `depth` layers
    (`AncestorLayer`). The embedding is the mean over the nodes; the released code applies a linear map to the
    concatenated nodes of a padded graph instead, which limits the size of graphs.

    The paper labels nodes by a canonical form in which symmetric nodes get different, arbitrary labels. Here they share
    one (`archflow.graph.ArchitectureSet.canonical_labels`), so that a node's embedding never depends on how the nodes
    are numbered. In the released code for NAS-Bench-101 and -301, nodes attend to their successors but not to
    themselves, normalisation comes before the attention, and place and operation are added; the released code for ENAS
    and Bayesian networks follows the paper, and so do we.

    Args:
        width, depth, heads, dropout: 64 (with a perceptron of 64), 3, 8 and 0.15 for ENAS cells; dropout 0.1 for
            NAS-Bench-101 and -301.

    Raises:
        ArchflowError: If `width` is not a multiple of `heads` and of 4.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 64,
        depth: int = 3,
        heads: int = 8,
        dropout: float = 0.15,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % heads or width % 4:
            raise ArchflowError(f"pace: width {width} must be a multiple of its {heads} heads and of 4")
        self.operations, self.inputs = Linear(n_ops, width // 2), NodeInput(n_attributes, width // 2)
        self.place = PlaceEncoding(width // 2, dropout)
        self.layers = nn.ModuleList(AncestorLayer(width, heads, dropout) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        operation = self.inputs(table, batch).map(torch.relu).values
        x = by_place(torch.cat([operation, self.place(batch)], 1), batch)
        # A padded position attends to itself: a softmax needs one entry.
        itself = torch.eye(batch.padded.shape[1], dtype=torch.bool, device=x.device)
        mask = additive_mask((batch.reachable.transpose(1, 2) | itself)[:, None], x.dtype)
        for layer in self.layers:
            x = layer(x, mask, batch.padded)
        return by_node(x, batch)
