"""Asynchronous message passing: a gated recurrent unit updates a graph level by level, all architectures at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from archflow.encoders.layers import Linear
from archflow.graph.leveled import Leveled, Neighbours

aten = torch.ops.aten


class FlowGRU(nn.Module):
    """One pass over the graph, along the edges or against them.

        a_uv = softmax over the neighbours u of v: w . h_u
        m_v  = sum_u a_uv h_u
        h_v  = GRU(input x_v, hidden m_v),   m_v = 0 where v has no neighbours

    Source: FlowerFormer (Hwang et al., CVPR 2024), section on asynchronous message passing. Its attention scores
    Linear([x_v || h_u + E e]) differ from w . h_u by terms that all neighbours of v share (x_v, and the one edge vector
    e). A softmax cancels these, so they have no parameters here.

    Each level is one step for all its nodes; a hand-written gradient processes the levels in reverse.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(dim)
        self.input = Linear(dim, 3 * dim)  # reset, update, new: the order of torch.nn.GRUCell
        self.hidden = Linear(dim, 3 * dim)
        self.attention = nn.Parameter(torch.empty(1, dim, 1).uniform_(-bound, bound))

    def forward(self, x: Tensor, layout: Leveled, *, backward: bool = False) -> Tensor:
        """(K, S, d) -> (K, S, d), by position of the layout; backward: against the edges."""
        return _LevelByLevel.apply(
            self.input(x), self.hidden.weight, self.hidden.bias, self.attention, layout, backward
        )


class _LevelByLevel(torch.autograd.Function):
    """Inputs: (K, S, 3d) the unit's input part, its hidden weight (K, d, 3d) and bias (K, 3d), attention (K, d, 1)."""

    @staticmethod
    def forward(ctx, given, weight, bias, attention, layout: Leveled, backward: bool):  # type: ignore[override]
        members, places, dim = given.shape[0], given.shape[1], given.shape[2] // 3
        state, message = given.new_empty(2, members, places, dim)
        rows = state.view(-1, dim)
        # Finite, since a node with fewer neighbours than the widest of its level reads position 0 with weight 0.
        rows[:1].zero_()
        score = given.new_empty(members, places, 1)
        from_hidden = given.new_empty(members, places, 3 * dim)
        gates = given.new_empty(members, places, 2 * dim)
        new = given.new_empty(members, places, dim)
        bias = bias[:, None]
        all_weights: list[Tensor | None] = []
        steps = _steps(
            *(layout, backward, message, from_hidden, gates, new, state, score),
            *(given[..., : 2 * dim], given[..., 2 * dim :], from_hidden[..., : 2 * dim], from_hidden[..., 2 * dim :]),
            *(gates[..., :dim], gates[..., dim:]),
        )
        for neighbours, received, hidden, gate, candidate, after, score_part, *halves in steps:
            given_gates, given_new, hidden_gates, hidden_new, reset, update = halves
            weights = None
            if neighbours is None:
                received.zero_()
            else:
                index = neighbours.place.view(-1)
                weights = _weights(score.view(-1).index_select(0, index).view_as(neighbours.place), neighbours.missing)
                neighbour_states = rows.index_select(0, index).view(*neighbours.place.shape, dim)
                # With at most one neighbour per node the weight is 1, or the node has none.
                messages = neighbour_states if weights is None else torch.bmm(weights[:, None], neighbour_states)
                received.copy_(messages[:, 0].view_as(received))
            all_weights.append(weights)
            # Written where they are kept, so that nothing is copied there afterwards.
            torch.baddbmm(bias, received, weight, out=hidden)
            torch.add(given_gates, hidden_gates, out=gate).sigmoid_()
            torch.addcmul(given_new, reset, hidden_new, out=candidate).tanh_()
            torch.lerp(candidate, received, update, out=after)
            torch.bmm(after, attention, out=score_part)
        ctx.save_for_backward(weight, attention, state, message, from_hidden, gates, new)
        ctx.all_weights, ctx.layout, ctx.backwards = all_weights, layout, backward
        return state

    @staticmethod
    def backward(ctx, grad):  # type: ignore[override]
        weight, attention, state, message, from_hidden, gates, new = ctx.saved_tensors
        members, places, dim = state.shape
        to_state = grad.clone()
        to_rows = to_state.view(-1, dim)
        to_score = grad.new_zeros(members, places, 1)
        to_given = grad.new_empty(members, places, 3 * dim)
        to_hidden = grad.new_empty(members, places, 3 * dim)
        transposed, attention_t = weight.transpose(1, 2), attention.transpose(1, 2)
        steps = _steps(
            *(ctx.layout, ctx.backwards, message, gates, new, to_state, to_score, to_hidden),
            *(from_hidden[..., 2 * dim :], gates[..., :dim], gates[..., dim:]),
            *(to_given[..., : 2 * dim], to_given[..., 2 * dim :], to_hidden[..., : 2 * dim], to_hidden[..., 2 * dim :]),
        )
        for step, weights in reversed(list(zip(steps, ctx.all_weights, strict=True))):
            neighbours, received, gate, candidate, to_after, to_score_part, to_unit, *halves = step
            hidden_new, reset, update, given_gates, given_new, unit_gates, unit_new = halves
            upstream = torch.addcmul(to_after, to_score_part, attention_t)
            kept = upstream * update
            aten.tanh_backward.grad_input(upstream - kept, candidate, grad_input=given_new)
            to_gates = torch.cat([given_new * hidden_new, upstream * (received - candidate)], -1)
            aten.sigmoid_backward.grad_input(to_gates, gate, grad_input=given_gates)
            unit_gates.copy_(given_gates)
            torch.mul(given_new, reset, out=unit_new)
            if neighbours is None:
                continue
            to_message = torch.baddbmm(kept, to_unit, transposed).view(-1, dim)
            index = neighbours.place.view(-1)
            if weights is None:
                to_rows.index_add_(0, index, to_message)
                continue
            neighbour_states = state.view(-1, dim).index_select(0, index).view(*neighbours.place.shape, dim)
            to_weights = torch.bmm(neighbour_states, to_message[:, :, None])[..., 0]
            to_logit = aten._softmax_backward_data.default(to_weights, weights, 1, weights.dtype)
            to_score.view(-1).index_add_(0, index, to_logit.view(-1))
            to_rows.index_add_(0, index, (weights[..., None] * to_message[:, None]).view(-1, dim))
        to_weight = torch.bmm(message.transpose(1, 2), to_hidden)
        to_attention = torch.bmm(state.transpose(1, 2), to_score)
        return to_given, to_weight, to_hidden.sum(1), to_attention, None, None


def _steps(layout: Leveled, backward: bool, *values: Tensor) -> list[tuple]:
    """The steps of a pass, in the order of computation.

    Each has the neighbours whose messages arrive at a level, and the level's slice of each of `values` (K, S, ...). The
    slices are views.
    """
    neighbours: Sequence[Neighbours | None] = layout.successors if backward else layout.predecessors
    widths = [end - begin for begin, end in pairwise(layout.bounds)]
    steps = list(zip(neighbours, *(value.split(widths, 1) for value in values), strict=True))
    return steps[::-1] if backward else steps


def _weights(logits: Tensor, missing: Tensor | None) -> Tensor | None:
    """(n, P) softmax over the existing neighbours, 0 for missing ones; None if every node has exactly one."""
    if missing is None:
        return None if logits.shape[1] == 1 else torch.softmax(logits, 1)
    weights = torch.softmax(logits.masked_fill_(missing, -torch.inf), 1)
    return weights.masked_fill_(missing, 0)  # a node without neighbours has no softmax
