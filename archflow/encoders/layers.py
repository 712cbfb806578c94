"""Building blocks of encoders: linear layers with members, pooling, dropout, gated and summed messages.

Every parameter has a leading member axis K (1 for a single encoder). Members own equal runs of a batch's rows; see
`archflow.graph.batch.Batch`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.graph.batch import Batch, Edges

CACHED = 2**16
"""Entries of messages that are computed at once in evaluation: three such tensors fit into a core's cache."""


class Linear(nn.Module):
    """y = x W + b with one (in, out) matrix per member, initialised like torch's own linear layer.

    weight: (K, in, out). bias: (K, out), or None.
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True) -> None:
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(1, n_in, n_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(1, n_out).uniform_(-bound, bound)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(K, rows, in) -> (K, rows, out); K = 1 also takes (rows, in)."""
        if len(self.weight) == 1:  # one product is faster than a batch of one
            y = x @ self.weight[0]
            return y if self.bias is None else y.add_(self.bias[0])
        return torch.bmm(x, self.weight) if self.bias is None else torch.baddbmm(self.bias[:, None], x, self.weight)


def per_member(layer: Callable[[Tensor], Tensor], x: Tensor, batch: Batch) -> Tensor:
    """(V, in) -> (V, out): apply to each node its member's layer."""
    if batch.members == 1:  # saves a tenth of a small batch's time
        return layer(x)
    return batch.member_nodes.scatter(layer(batch.member_nodes.gather(x)))


def by_member(values: Tensor, batch: Batch) -> Tensor:
    """(K, d) values of the members -> (V, d) values of each node's member; (1, d) for one member."""
    return values if batch.members == 1 else F.embedding(batch.member, values)


def sinusoids(position: Tensor, dim: int) -> Tensor:
    """(V,) -> (V, dim) sinusoidal encodings of positions (Vaswani et al. 2017, section 3.5); dim is even."""
    frequency = torch.exp(torch.arange(0, dim, 2, device=position.device) * (-math.log(10_000.0) / dim))
    angle = position[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)


def mean_pool(x: Tensor, batch: Batch) -> Tensor:
    """(V, d) -> (B, d) mean over each architecture's nodes."""
    if batch.uniform_size is not None:
        return x.view(len(batch), batch.uniform_size, x.shape[1]).mean(1)
    return segment_sum(x, batch.node_ptr) / batch.sizes[:, None]


def segment_sum(values: Tensor, ptr: Tensor) -> Tensor:
    """(E, d) -> (N, d) sums over runs of rows with boundaries ptr (N+1,)."""
    return _SegmentSum.apply(values, ptr)


class _SegmentSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values: Tensor, ptr: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(ptr)
        ctx.rows = len(values)
        return _sum_rows(values, torch.arange(len(values), device=values.device), ptr)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        (ptr,) = ctx.saved_tensors
        # A GPU would be waited for if the number of rows were not given.
        return torch.repeat_interleave(grad, ptr.diff(), 0, output_size=ctx.rows), None


def _sum_rows(values: Tensor, rows: Tensor, ptr: Tensor) -> Tensor:
    """Sums of runs of gathered rows; embedding_bag is torch's fastest segment sum on CPU and deterministic."""
    if len(values) == 0:
        return values.new_zeros(len(ptr) - 1, values.shape[1])
    return F.embedding_bag(rows, values, ptr, mode="sum", include_last_offset=True)


class GatedSum(torch.autograd.Function):
    """sum over neighbours j of sigmoid(key_i + query_j) * value_j, and its gradient without scattered writes.

    key, query, value: (V, d). edges: sorted by receiver; their `by_source` order turns the backward pass of the two
    gathers into segment sums. Returns (V, d).
    """

    @staticmethod
    def forward(ctx, key: Tensor, query: Tensor, value: Tensor, edges: Edges) -> Tensor:  # type: ignore[override]
        if not any(ctx.needs_input_grad):
            return _gated_sum(key, query, value, edges)
        gate = _gates(key, query, edges.target, edges.source)
        sent = value.index_select(0, edges.source)
        ctx.save_for_backward(gate, sent)
        ctx.edges = edges
        return _sum_rows(gate * sent, torch.arange(len(gate), device=gate.device), edges.ptr)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        gate, sent = ctx.saved_tensors
        edges: Edges = ctx.edges
        on_edge = grad.index_select(0, edges.target)
        to_value = on_edge * gate
        # d sigmoid = gate (1 - gate); to_value already holds one of the factors.
        to_gate = torch.addcmul(to_value, to_value, gate, value=-1).mul_(sent)
        rows = torch.arange(len(gate), device=gate.device)
        key = _sum_rows(to_gate, rows, edges.ptr)
        query = _sum_rows(to_gate, edges.by_source, edges.source_ptr)
        value = _sum_rows(to_value, edges.by_source, edges.source_ptr)
        return key, query, value, None


def _gates(key: Tensor, query: Tensor, target: Tensor, source: Tensor) -> Tensor:
    return key.index_select(0, target).add_(query.index_select(0, source)).sigmoid_()


def _gated_sum(key: Tensor, query: Tensor, value: Tensor, edges: Edges) -> Tensor:
    """`GatedSum` without a gradient, for runs of nodes in turn, so that messages stay in the processor's cache."""
    sums = []
    for nodes, run in _runs(edges.ptr, max(1, CACHED // key.shape[1])):
        source, ptr = edges.source[run], edges.ptr[nodes]
        messages = _gates(key, query, edges.target[run], source).mul_(value.index_select(0, source))
        sums.append(_sum_rows(messages, torch.arange(len(messages), device=key.device), ptr - ptr[0]))
    return sums[0] if len(sums) == 1 else torch.cat(sums)


def _runs(ptr: Tensor, length: int) -> list[tuple[slice, slice]]:
    """Runs of nodes with about `length` edges each, as slices of ptr (V+1,) and of the edges; one run on a GPU."""
    if ptr.device.type != "cpu" or int(ptr[-1]) <= length:  # a GPU would be waited for
        return [(slice(None), slice(None))]
    first = torch.searchsorted(ptr, torch.arange(0, int(ptr[-1]), length))
    bounds = torch.cat([first, first.new_tensor([len(ptr) - 1])]).unique()
    pairs = zip(bounds.tolist(), ptr[bounds].tolist(), strict=True)
    return [(slice(a, b + 1), slice(c, d)) for (a, c), (b, d) in pairwise(pairs)]


class NeighbourSum(torch.autograd.Function):
    """sum over neighbours j of x_j: (V, d) -> (V, d)."""

    @staticmethod
    def forward(ctx, x: Tensor, edges: Edges) -> Tensor:  # type: ignore[override]
        ctx.edges = edges
        return _sum_rows(x, edges.source, edges.ptr)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        edges: Edges = ctx.edges
        return _sum_rows(grad, edges.target.index_select(0, edges.by_source), edges.source_ptr), None


class LayerNorm(nn.Module):
    """Layer normalisation with a scale and shift per member.

    weight, bias: (K, d).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(1, dim)), nn.Parameter(torch.zeros(1, dim))

    def forward(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d), or (V, d) -> (V, d) for the nodes of a batch."""
        if len(self.weight) == 1:  # torch's own, scale and shift included, in one pass
            return F.layer_norm(x, x.shape[-1:], self.weight[0], self.bias[0])
        if batch is None:
            return torch.addcmul(self.bias[:, None], F.layer_norm(x, x.shape[-1:]), self.weight[:, None])
        return torch.addcmul(by_member(self.bias, batch), F.layer_norm(x, x.shape[-1:]), by_member(self.weight, batch))


class BatchNorm(nn.Module):
    """Batch normalisation over the nodes of each member, like torch's own (eps 1e-5, momentum 0.1).

    weight, bias: (K, d). running_mean, running_var: (K, d).
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, dim: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.weight, self.bias = nn.Parameter(torch.ones(1, dim)), nn.Parameter(torch.zeros(1, dim))
        self.register_buffer("running_mean", torch.zeros(1, dim))
        self.register_buffer("running_var", torch.ones(1, dim))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d). mask: (K, S) whether a row counts, None if all do."""
        if len(x) == 1 and mask is None:  # torch's own, in one pass
            mean, variance = self.running_mean[0], self.running_var[0]
            return F.batch_norm(x[0], mean, variance, self.weight[0], self.bias[0], self.training, self.momentum)[None]
        if not self.training:
            return self._scaled(x, self.running_mean, self.running_var)
        count = x.new_full((len(x), 1), x.shape[1]) if mask is None else mask.sum(1, keepdim=True).to(x.dtype)
        weight = (1 / count)[:, None] if mask is None else mask[..., None] / count[:, None]
        mean = (x * weight).sum(1)
        variance = ((x - mean[:, None]).square() * weight).sum(1)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), self.momentum)
        return self._scaled(x, mean, variance)

    def _scaled(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        scale = self.weight * torch.rsqrt(variance + 1e-5)
        return torch.addcmul((self.bias - mean * scale)[:, None], x, scale[:, None])
