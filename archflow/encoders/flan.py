"""FLAN: gated flow and attention to predecessors in parallel, and operations that are updated by a backward flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.gates import Flow, GatedFlow, GatedPass, Start, gated_layers
from archflow.encoders.inputs import NodeInput, NodeValues, OfNodes
from archflow.encoders.layers import LayerNorm, Linear
from archflow.encoders.readout import WithPredecessor, make_readout
from archflow.encoders.ta_gates import BackwardRound
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch, Edges

SLOPE = 0.01
"""Slope of the leaky ReLU on attention scores; the released code declares 0.2 but does not use it."""


@dataclass(frozen=True, kw_only=True)
class AttendedFlow(Flow):
    """A flow whose nodes also attend to each other.

    ignored: (B, L, L) bool, by position of `Batch.padded`: whether the first node is left out of the second's softmax.
    unscored: the same for nodes that take part with a score of zero, or None if none does.
    """

    ignored: Tensor
    unscored: Tensor | None


class FlowAttention(nn.Module):
    """The mean of a gated flow and of attention to the same senders; `FLAN` has the equations.

    scored: whether the attention has a score; without one, all nodes in the softmax have equal weights.
    """

    def __init__(self, flow: GatedFlow, scored: bool = True) -> None:
        super().__init__()
        self.flow = flow
        n_in, dim = flow.message.weight.shape[1:]
        bound = 1 / math.sqrt(dim)
        self.message, self.gate = Linear(n_in, dim, bias=False), Linear(flow.gate.weight.shape[1], dim)
        self.score = nn.Parameter(torch.empty(1, dim).uniform_(-bound, bound)) if scored else None
        self.norm = LayerNorm(dim)
        # As released; from zero, nodes far from the outputs have no state in the backward pass, and scores no gradient.
        nn.init.uniform_(flow.bias, -bound, bound)

    def forward(self, x: NodeValues, operation: NodeValues, flow: AttendedFlow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        received = self._received(x.map(self.message).values, flow)
        gated = received.mul_(operation.map(lambda o: self.gate(o).sigmoid_()).values)
        return self.flow(x, operation, flow).lerp_(self.norm(gated, flow.batch), 0.5)

    def _received(self, own: Tensor, flow: AttendedFlow) -> Tensor:
        """(V, d) messages -> (V, d) their means, weighted by the softmax; 0 for nodes without a neighbour."""
        rows = flow.batch.padded
        message = rows.gather(own)
        scores = self._scores(message, flow).masked_fill(flow.ignored, torch.finfo(message.dtype).min)
        share = torch.softmax(scores, 1).masked_fill(flow.ignored, 0)
        return rows.scatter(share.transpose(1, 2) @ message)

    def _scores(self, message: Tensor, flow: AttendedFlow) -> Tensor:
        """(B, L, d) messages -> (B, L, L) scores of senders (rows) at receivers, 0 where nothing is sent."""
        if self.score is None:
            return message.new_zeros(flow.ignored.shape)
        scored = (message.view(flow.batch.members, -1, message.shape[2]) * self.score[:, None]).view(message.shape)
        scores = F.leaky_relu(scored @ message.transpose(1, 2), SLOPE)
        return scores if flow.unscored is None else scores.masked_fill(flow.unscored, 0)


def attending(flows: Sequence[GatedFlow], first_scored: bool = True) -> list[FlowAttention]:
    """The same layers, with attention in addition to the gated flow. first_scored: whether the first has a score."""
    return [FlowAttention(flow, first_scored or i > 0) for i, flow in enumerate(flows)]


@ENCODERS.register("flan")
class FLAN(Encoder):
    """The encoder of FLAN (Akhauri & Abdelfattah, ICML 2024).

    "Encodings for Prediction-based Neural Architecture Search". It adds attention to the gates of TA-GATES and keeps
    the imitated training. A layer, over the neighbours j of i:

        f_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + x_i W + b              dense graph flow
        s_ij = LeakyReLU(a . (x_i U * x_j U))
        g_i = LN(sigmoid(o_i U_o + c_o) * sum_j softmax_j(s_ij) x_j U)      attention with the Hadamard score
        x_i <- (f_i + g_i) / 2                                              ReLU between layers

    A time step is `depth` layers along the edges, which start from one learned vector at the nodes without predecessors
    and from another at all others. Between two steps, the states at the outputs pass backwards through layers of the
    same kind, and operations change by 0.1 perceptron([o_i || y_i || b_i])
    (`archflow.encoders.ta_gates.BackwardRound`). The embedding is the mean over the nodes with a predecessor.

    The first backward layer has no score: at first only the outputs have a state, so every product is zero. The
    released code holds the input's operation at zero; with attention to predecessors alone no embedding depends on that
    operation, because a gate acts on the messages that a node receives.

    Supplements (zero-cost proxies, learned encodings, numbers of cells and channels) are concatenated to the embedding
    by the predictor, not here. For spaces of two cells the paper encodes each cell and joins them by a perceptron; here
    an architecture of two components is read out as one mean over both.

    Args:
        width, depth, timesteps: 128, 5 and 2 in all spaces.
        silent: Ids of operations that compute nothing (`none`); their states enter the mean as zeros, but they still
            pass messages. The released training names an id that no operation has, so nothing is silent there, nor by
            default.
        attends_to_all: Whether nodes attend to all nodes of their architecture, with a score of zero for those that are
            not neighbours, as in the released code, whose softmax includes padding too. By default, to neighbours only.

    Raises:
        ArchflowError: For no time step, or a silent operation that is not there.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 5,
        timesteps: int = 2,
        op_width: int = 48,
        node_width: int = 48,
        hidden: int = 96,
        silent: Sequence[int] = (),
        attends_to_all: bool = False,
        n_attributes: int = 0,
        readout: str = "nodes",
    ) -> None:
        super().__init__()
        self.pair_layers = depth * (2 * timesteps - 1)
        if timesteps < 1:
            raise ArchflowError(f"flan: {timesteps} timesteps; at least one is needed for an embedding")
        if any(not 0 <= op < n_ops for op in silent):
            raise ArchflowError(f"flan: silent {list(silent)} must be ids of the {n_ops} operations")
        self.timesteps, self.silent, self.attends_to_all = timesteps, list(silent), attends_to_all
        self.operations, self.inputs = nn.Parameter(torch.randn(1, n_ops, op_width)), NodeInput(n_attributes, op_width)
        self.start = Start(node_width, hidden)
        self.flow = GatedPass(attending(gated_layers(GatedFlow, hidden, width, depth, op_width)))
        self.between = None
        if timesteps > 1:
            # In the backward pass only the outputs have a state at first, and no neighbours: a score would be zero.
            back = gated_layers(GatedFlow, width, width, depth, op_width)
            self.between = BackwardRound(width, op_width, lambda: attending(back, first_scored=False))
        self.readout = make_readout(readout, width, nodes=WithPredecessor)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings, those of the last time step."""
        x, operation = self.start(batch), self.inputs(self.operations, batch)
        sends = batch.dense_edges
        forth, back = (
            self._flow(batch.edges, sends, batch),
            self._flow(batch.reversed_edges, sends.transpose(1, 2), batch),
        )
        y = self.flow(x, operation, forth)
        for _ in range(self.timesteps - 1):
            assert self.between is not None
            change = self.between(y, operation, back)
            operation = OfNodes(operation.values + change, batch)
            y = self.flow(x, operation, forth)
        return y

    def states(self, batch: Batch) -> Tensor:
        """(V, d) the node embeddings, zeros for silent operations."""
        x = self(batch)
        if self.silent:
            silent = torch.tensor(self.silent, dtype=batch.op.dtype, device=batch.op.device)
            x = x * torch.isin(batch.op, silent, invert=True).to(x.dtype)[:, None]
        return x

    def _flow(self, edges: Edges, sends: Tensor, batch: Batch) -> AttendedFlow:
        """The flow along some edges. sends: (B, L, L) bool, the same edges by padded position, sender by receiver."""
        if not self.attends_to_all:
            return AttendedFlow(batch, edges, ignored=~sends, unscored=None)
        here = batch.padded.mask
        return AttendedFlow(batch, edges, ignored=~(here[:, :, None] & here[:, None]), unscored=~sends)
