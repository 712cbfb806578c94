"""CARL: separates the critical part of an architecture from its redundant part."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import NodeInput, NodeValues, OfNodes
from archflow.encoders.layers import LayerNorm, Linear, segment_sum
from archflow.encoders.readout import Readout, make_readout
from archflow.graph.batch import Batch, Edges

TINY = 1e-12  # added to sums of sigmoids before dividing by them


class WeightedSum(torch.autograd.Function):
    """Weighted sums over the edges e into each node, sum_e weight_e x_source(e): (V, d), (E,) -> (V, d).

    With the edges ordered by source, the gradient of x is a segment sum as well, without scattered writes.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, edges: Edges) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(x, weight)
        ctx.edges = edges
        return _weighted_sum(x, edges.source, weight, edges.ptr)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        x, weight = ctx.saved_tensors
        edges: Edges = ctx.edges
        target = edges.target.index_select(0, edges.by_source)
        to_x = _weighted_sum(grad, target, weight.index_select(0, edges.by_source), edges.source_ptr)
        sent, received = x.index_select(0, edges.source), grad.index_select(0, edges.target)
        return to_x, sent.mul_(received).sum(1), None


def _weighted_sum(x: Tensor, rows: Tensor, weight: Tensor, ptr: Tensor) -> Tensor:
    if len(rows) == 0:
        return x.new_zeros(len(ptr) - 1, x.shape[1])
    return F.embedding_bag(rows, x, ptr, mode="sum", per_sample_weights=weight, include_last_offset=True)


def weighted_messages(projected: Tensor, weight: Tensor | None, batch: Batch) -> Tensor:
    """own_v + mean over predecessors u of ahead_u + mean over successors u of behind_u: (V, 3 d) -> (V, d).

    projected: [own || ahead || behind]. weight: (E,) of the edges in the means, as in `batch.edges`; all 1 if None.
    """
    edges, reversed_edges = batch.edges, batch.reversed_edges
    weight = projected.new_ones(len(edges.source)) if weight is None else weight
    own, ahead, behind = projected.chunk(3, 1)
    forth = WeightedSum.apply(ahead, _shares(weight, edges), edges)
    back = WeightedSum.apply(behind, _shares(weight.index_select(0, edges.by_source), reversed_edges), reversed_edges)
    return forth.add_(back).add_(own)


def _shares(weight: Tensor, edges: Edges) -> Tensor:
    """(E,) weights divided by the sum over all edges into the same node."""
    total = segment_sum(weight[:, None], edges.ptr)[:, 0]
    return weight / (total.index_select(0, edges.target) + TINY)


def weighted_mean(z: Tensor, weight: Tensor, batch: Batch) -> Tensor:
    """(V, d), (V,) -> (B, d) weighted mean over every architecture's nodes."""
    total = segment_sum(torch.cat([z * weight[:, None], weight[:, None]], 1), batch.node_ptr)
    return total[:, :-1] / (total[:, -1:] + TINY)


@ENCODERS.register("carl")
class CARL(Encoder):
    """The encoder of CARL (Ji et al., ICCV 2025): a graph convolution network that finds the critical part.

    Its vectors are split into a critical part, which determines an architecture's accuracy, and a redundant part:

        h_v = ReLU(W_in x_v + b_in),   x the one-hot operation
        depth times:   h_v <- dropout(ReLU(LN(W1 h_v + b + mean_{u -> v} W2 h_u + mean_{v -> u} W3 h_u)))
        a_v = sigmoid(p . h_v + c),   a_uv = sigmoid(q . h_u + r . h_v + c')        how critical: nodes v, edges u -> v
        critical:    z_v = ReLU(W1' h_v + b' + mean_{u -> v} W2' h_u + mean_{v -> u} W3' h_u),  means weighted by a_uv
                     embedding = sum_v a_v z_v / sum_v a_v
        redundant:   the same with 1 - a_uv and 1 - a_v

    The redundant part is used in training: see `archflow.predict.causal_model`.

    Source: of CARL, only the abstract and summaries are known to us. They describe a graph convolution network, scores
    of nodes and edges learned from the states of their ends, the complements of the scores, and interventions on the
    vectors. Causal Attention Learning (Sui et al., KDD 2022) contributes linear scores and one more convolution on the
    weighted graph. Our own choices are: one matrix per direction; layer normalisation; the same last convolution for
    both parts, so that their vectors share a space; and weighted means instead of sums. With sums, all scores could
    grow together until the redundant part vanished and the scores meant nothing; in a mean only their differences
    matter, and the redundant part cannot vanish. (In an architecture of one node, where there is nothing to choose,
    both vectors are equal.)

    Args:
        width, depth: 128 and 3 in all spaces, as in Causal Attention Learning; CARL's own values are not known.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "critical",
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.convolutions = nn.ModuleList(Linear(width, 3 * width) for _ in range(depth))
        self.norms = nn.ModuleList(LayerNorm(width) for _ in range(depth))
        self.scores = Linear(width, 3)  # what a node contributes to its own score, to those of its edges out, and in
        self.extract = Linear(width, 3 * width)
        self.readout = make_readout(readout, width, critical=Critical)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) embeddings of the nodes in the critical part."""
        x = self._represent(batch)
        return torch.relu_(weighted_messages(x.map(self.extract).values, self._score(x, batch)[1].sigmoid(), batch))

    def split(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The critical and the redundant vector of every architecture: (B, d) each."""
        projected, node, edge = self._scored(batch)
        return _part(projected, node, edge, batch), _part(projected, -node, -edge, batch)

    def critical(self, batch: Batch) -> Tensor:
        """(B, d) the critical vector of every architecture alone."""
        return _part(*self._scored(batch), batch)

    def importance(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """How critical the nodes are, (V,), and the edges in the order of `batch.edges`, (E,): from 0 to 1.

        Compare only nodes of one architecture, or edges into or out of one node: the means are taken over these.
        """
        node, edge = self._score(self._represent(batch), batch)
        return node.sigmoid(), edge.sigmoid()

    def _scored(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        x = self._represent(batch)
        return x.map(self.extract).values, *self._score(x, batch)

    def _represent(self, batch: Batch) -> NodeValues:
        """(V, d) h, the output of the graph convolutions."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        x: NodeValues = self.inputs(table, batch).map(torch.relu)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            y = norm(weighted_messages(x.map(convolution).values, None, batch), batch)
            x = OfNodes(relu_dropout(y, self.dropout, self.training, batch), batch)
        return x

    def _score(self, x: NodeValues, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits of the scores: (V,) of the nodes and (E,) of the edges. Negated logits give the complements."""
        own, out, into = x.map(self.scores).values.unbind(1)
        return own, out.index_select(0, batch.edges.source) + into.index_select(0, batch.edges.target)


class Critical(Readout):
    """CARL's read-out: the mean over the nodes, weighted by how critical they are."""

    def forward(self, encoder: CARL, batch: Batch) -> Tensor:
        """(B, d) the critical vectors."""
        return encoder.critical(batch)


def _part(projected: Tensor, node: Tensor, edge: Tensor, batch: Batch) -> Tensor:
    """(B, d) vectors of the part whose scores are the sigmoids of node (V,) and edge (E,)."""
    return weighted_mean(torch.relu_(weighted_messages(projected, edge.sigmoid(), batch)), node.sigmoid(), batch)
