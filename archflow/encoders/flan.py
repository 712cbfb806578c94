"""FLAN: gated flow and attention to predecessors, side by side, and operations that learn from what flows back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.gates import Flow, GatedFlow, GatedPass, LookedUp, OfNodes, Start, read_out
from archflow.encoders.layers import LayerNorm, Linear, table_rows
from archflow.encoders.ta_gates import BackwardRound
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch

SLOPE = 0.01
"""Of the leaky ReLU on attention scores; the released code declares 0.2 and does not use it."""


@dataclass(frozen=True, kw_only=True)
class AttendedFlow(Flow):
    """A flow whose nodes attend too.

    sends: (B, L, L) bool, in places of `Batch.padded`: whether the second node hears the first.
    competes: (B, L, L) bool: whether the first has a part in the softmax of the second; if it does not send, by a score
    of zero.
    """

    sends: Tensor
    competes: Tensor


class FlowAttention(nn.Module):
    """The mean of a gated flow and of attention to the same senders; `FLAN` has the equations.

    scored: whether the attention has a score; without one, all who compete count the same.
    """

    def __init__(self, flow: GatedFlow, scored: bool = True) -> None:
        super().__init__()
        self.flow = flow
        n_in, dim = flow.message.weight.shape[1:]
        bound = 1 / math.sqrt(dim)
        self.message, self.gate = Linear(n_in, dim, bias=False), Linear(flow.gate.weight.shape[1], dim)
        self.score = nn.Parameter(torch.empty(1, dim).uniform_(-bound, bound)) if scored else None
        self.norm = LayerNorm(dim)

    def forward(self, x: LookedUp | OfNodes, operation: LookedUp | OfNodes, flow: AttendedFlow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        gate = operation.through(lambda o: self.gate(o).sigmoid_())
        attended = self.norm(gate * self._heard(x.through(self.message), flow), flow.batch)
        return self.flow(x, operation, flow).lerp_(attended, 0.5)

    def _heard(self, own: Tensor, flow: AttendedFlow) -> Tensor:
        """(V, d) messages -> (V, d) their weighted means over those who compete; 0 where there is none."""
        rows = flow.batch.padded
        message = rows.gather(own)
        scores = self._scores(message, flow).masked_fill(~flow.competes, torch.finfo(message.dtype).min)
        share = torch.softmax(scores, 1) * flow.competes
        return rows.scatter(share.transpose(1, 2) @ message)

    def _scores(self, message: Tensor, flow: AttendedFlow) -> Tensor:
        """(B, L, d) messages -> (B, L, L) scores of senders (rows) at receivers, 0 where nothing is sent."""
        if self.score is None:
            return message.new_zeros(flow.sends.shape)
        scored = (message.view(flow.batch.members, -1, message.shape[2]) * self.score[:, None]).view(message.shape)
        return F.leaky_relu(scored @ message.transpose(1, 2), SLOPE).masked_fill(~flow.sends, 0)


def attending(gated: GatedPass, first_scored: bool = True) -> GatedPass:
    """The same pass with attention beside the gated flow of every layer. first_scored: of the first layer."""
    flows = [layer for layer in gated.layers if isinstance(layer, GatedFlow)]
    gated.layers = nn.ModuleList(FlowAttention(flow, first_scored or i > 0) for i, flow in enumerate(flows))
    return gated


@ENCODERS.register("flan")
class FLAN(Encoder):
    """The encoder of FLAN (Akhauri & Abdelfattah, ICML 2024), "Encodings for Prediction-based Neural Architecture
    Search". TA-GATES' course of training with attention beside the gates; a layer, over the nodes j that i hears:

        f_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + x_i W + b              dense graph flow
        s_ij = LeakyReLU(a . (x_i U * x_j U))
        g_i = LN(sigmoid(o_i U_o + c_o) * sum_j softmax_j(s_ij) x_j U)      attention with the Hadamard score
        x_i <- (f_i + g_i) / 2                                              ReLU between layers

    A time step is `depth` layers along the edges, from one learned vector at the nodes without predecessors and another
    at all others; between two steps, the states at the outputs go back through layers of the same kind against the
    edges, and operations change by 0.1 perceptron([o_i || y_i || b_i]) (`archflow.encoders.ta_gates.BackwardRound`).
    The embedding is the mean over the nodes with a predecessor.

    width, depth, timesteps: 128, 5 and 2 in all spaces. silent: ids of operations that compute nothing (`none`); their
    states enter the mean as zeros, and still pass messages. The released training names none either (it passes an id
    that no operation has), so the default is the published behaviour.
    attends_to_all: nodes attend to all nodes of their architecture, to those they do not hear with a score of zero, as
    in the released code, whose softmax also takes in the padding of smaller cells. By default only to those they hear.

    The first layer on the way back has no score: there only the outputs have a state, so every product is zero.

    The released code scores n a . (...), with n nodes (a sum over an axis that has been expanded); here a learns the
    scale. It holds the input's operation at zero; here that changes no embedding: a gate acts on what a node hears. Zero-cost
    proxies, learned encodings and the numbers of cells and channels that the paper adds as supplements are joined
    behind the encoder: the predictor's business. For spaces of two cells the paper encodes each and joins them by a
    perceptron; here an architecture of two components is one mean over both.

    Raises ArchflowError for no time step, or a silent operation that is not there.
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
    ) -> None:
        super().__init__()
        if timesteps < 1:
            raise ArchflowError(f"flan: {timesteps} timesteps; it takes at least one to have an embedding")
        if any(not 0 <= op < n_ops for op in silent):
            raise ArchflowError(f"flan: silent {list(silent)} must be ids of the {n_ops} operations")
        self.config = {
            "n_ops": n_ops,
            "width": width,
            "depth": depth,
            "timesteps": timesteps,
            "op_width": op_width,
            "node_width": node_width,
            "hidden": hidden,
            "silent": list(silent),
            "attends_to_all": attends_to_all,
        }
        self.n_ops, self.dim, self.width = n_ops, width, width
        self.timesteps, self.silent, self.attends_to_all = timesteps, list(silent), attends_to_all
        self.operations = nn.Parameter(torch.randn(1, n_ops, op_width))
        self.start = Start(node_width, hidden)
        self.flow = attending(GatedPass(hidden, width, depth, op_width))
        self.between = BackwardRound(width, depth, op_width) if timesteps > 1 else None
        if self.between is not None:
            # On the way back only the outputs have a state at first, and they hear nobody: a score would be zero.
            attending(self.between.flow, first_scored=False)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings, those of the last time step."""
        x, operation = self.start(batch), LookedUp(self.operations, table_rows(batch, self.n_ops))
        forth, back = self._flows(batch)
        y = self.flow(x, operation, forth)
        for _ in range(self.timesteps - 1):
            assert self.between is not None
            change = self.between(y, operation, back)
            operation = OfNodes(operation.through(lambda o: o) + change, batch)
            y = self.flow(x, operation, forth)
        return y

    def embed(self, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings."""
        silent = torch.tensor(self.silent, dtype=batch.op.dtype, device=batch.op.device)
        x = self(batch)
        if self.silent:
            x = x * torch.isin(batch.op, silent, invert=True).to(x.dtype)[:, None]
        return read_out(x, batch, "nodes")

    def _flows(self, batch: Batch) -> tuple[AttendedFlow, AttendedFlow]:
        """Along the edges and against them."""
        sends = batch.dense_edges
        back = sends.transpose(1, 2)
        if self.attends_to_all:
            there = batch.padded.mask
            everyone = (there[:, :, None] & there[:, None]).expand_as(sends)
            competes = (everyone, everyone)
        else:
            competes = (sends, back)
        return (
            AttendedFlow(batch, batch.edges, sends=sends, competes=competes[0]),
            AttendedFlow(batch, batch.reversed_edges, sends=back, competes=competes[1]),
        )
