"""Messages that follow the flow: a gated recurrent unit walks the graph level by level, all architectures at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from archflow.encoders.layers import Linear
from archflow.graph.leveled import Leveled, Neighbours


class FlowGRU(nn.Module):
    """One pass over the graph, along the edges or against them:

        a_uv = softmax over the neighbours u that v hears of w . h_u
        m_v  = sum_u a_uv h_u
        h_v  = GRU(input x_v, hidden m_v),   m_v = 0 where v hears nobody

    FlowerFormer (Hwang et al., CVPR 2024), section on asynchronous message passing. Its attention scores
    Linear([x_v || h_u + E e]) differ from w . h_u by terms that all neighbours of v share (x_v, and the one edge
    vector e); a softmax does not see those, so they have no parameters here.

    Every level is one step for all its nodes; a hand-written gradient walks the levels the other way.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(dim)
        self.input = Linear(dim, 3 * dim)  # reset, update, new: the order of torch.nn.GRUCell
        self.hidden = Linear(dim, 3 * dim)
        self.attention = nn.Parameter(torch.empty(1, dim, 1).uniform_(-bound, bound))

    def forward(self, x: Tensor, layout: Leveled, *, backward: bool = False) -> Tensor:
        """(K, S, d) -> (K, S, d), by place of the layout; backward: against the edges."""
        return _Walk.apply(self.input(x), self.hidden.weight, self.hidden.bias, self.attention, layout, backward)


def _steps(layout: Leveled, backward: bool) -> Iterator[tuple[slice, Neighbours | None]]:
    """Places and neighbours of every level, in the order in which they are due."""
    heard: Sequence[Neighbours | None] = layout.successors if backward else layout.predecessors
    levels = range(len(heard))
    for level in reversed(levels) if backward else levels:
        yield slice(layout.bounds[level], layout.bounds[level + 1]), heard[level]


class _Walk(torch.autograd.Function):
    """Inputs: (K, S, 3d) the unit's input part, its hidden weight (K, d, 3d) and bias (K, 3d), attention (K, d, 1)."""

    @staticmethod
    def forward(ctx, given, weight, bias, attention, layout: Leveled, backward: bool):  # type: ignore[override]
        members, places, dim = given.shape[0], given.shape[1], given.shape[2] // 3
        # Zeros, not just any memory: a node with fewer neighbours than its level's widest hears place 0 with weight 0.
        state = given.new_zeros(members, places, dim)
        rows = state.view(-1, dim)
        score = given.new_zeros(members, places, 1)
        message = torch.zeros_like(state)
        from_hidden = given.new_empty(members, places, 3 * dim)
        gates = given.new_empty(members, places, 2 * dim)
        new = given.new_empty(members, places, dim)
        shares: list[Tensor | None] = []
        for due, heard in _steps(layout, backward):
            share = None
            if heard is not None:
                share = _share(score.view(-1)[heard.place], heard.mask)
                heard_states = rows[heard.place.view(-1)].view(*heard.place.shape, dim)
                # With one neighbour each, the share is 1 or the node hears nobody.
                told = heard_states[:, 0] if share is None else torch.bmm(share[:, None], heard_states)[:, 0]
                message[:, due] = told.view(members, -1, dim)
            shares.append(share)
            # Written where they are kept, so that nothing is copied there afterwards.
            hidden, gate, candidate, after = from_hidden[:, due], gates[:, due], new[:, due], state[:, due]
            torch.baddbmm(bias[:, None], message[:, due], weight, out=hidden)
            torch.add(given[:, due, : 2 * dim], hidden[..., : 2 * dim], out=gate).sigmoid_()
            torch.addcmul(given[:, due, 2 * dim :], gate[..., :dim], hidden[..., 2 * dim :], out=candidate).tanh_()
            torch.lerp(candidate, message[:, due], gate[..., dim:], out=after)
            torch.bmm(after, attention, out=score[:, due])
        ctx.save_for_backward(weight, attention, state, message, from_hidden, gates, new)
        ctx.shares, ctx.layout, ctx.backwards = shares, layout, backward
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
        transposed = weight.transpose(1, 2)
        steps = list(zip(_steps(ctx.layout, ctx.backwards), ctx.shares, strict=True))
        for (due, heard), share in reversed(steps):
            upstream = torch.baddbmm(to_state[:, due], to_score[:, due], attention.transpose(1, 2))
            reset, update = gates[:, due, :dim], gates[:, due, dim:]
            to_new = torch.ops.aten.tanh_backward(torch.addcmul(upstream, upstream, update, value=-1), new[:, due])
            to_update = upstream * (message[:, due] - new[:, due])
            to_gates = torch.cat([to_new * from_hidden[:, due, 2 * dim :], to_update], -1)
            to_gates = torch.ops.aten.sigmoid_backward(to_gates, gates[:, due])
            to_given[:, due, : 2 * dim], to_given[:, due, 2 * dim :] = to_gates, to_new
            to_hidden[:, due, : 2 * dim], to_hidden[:, due, 2 * dim :] = to_gates, to_new * reset
            if heard is None:
                continue
            to_message = torch.baddbmm(upstream * update, to_hidden[:, due], transposed).view(-1, dim)
            neighbours = heard.place.view(-1)
            if share is None:
                to_rows.index_add_(0, neighbours, to_message)
                continue
            heard_states = state.view(-1, dim)[neighbours].view(*heard.place.shape, dim)
            to_share = torch.bmm(heard_states, to_message[:, :, None])[..., 0]
            to_logit = share * (to_share - (share * to_share).sum(1, keepdim=True))
            to_score.view(-1).index_add_(0, neighbours, to_logit.view(-1))
            to_rows.index_add_(0, neighbours, (share[..., None] * to_message[:, None]).view(-1, dim))
        to_weight = torch.bmm(message.transpose(1, 2), to_hidden)
        to_attention = torch.bmm(state.transpose(1, 2), to_score)
        return to_given, to_weight, to_hidden.sum(1), to_attention, None, None


def _share(logits: Tensor, mask: Tensor | None) -> Tensor | None:
    """(n, P) softmax over the neighbours that are there, 0 for the others; None if every node has exactly one."""
    if mask is None:
        return None if logits.shape[1] == 1 else torch.softmax(logits, 1)
    share = torch.softmax(logits.masked_fill(~mask, -torch.inf), 1)
    return share.masked_fill_(~mask, 0)  # a node that hears nobody has no softmax
