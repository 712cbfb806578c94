"""Dropout whose random draws belong to nodes and members, independent of padding and of other members of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded
from archflow.graph.ragged import Ints
from archflow.seeding import generators

_PART: ContextVar[tuple[Ints, int, int] | None] = ContextVar("part", default=None)
"""(B,) number of nodes of a whole batch's architectures, and the bounds of those that are being encoded."""

INDIVISIBLE = "this encoder's dropout cannot be divided between processes; pre-train in one process"


def dropout(x: Tensor, p: float, training: bool, rows: Batch | Padded | None = None) -> Tensor:
    """Dropout whose rate is rounded to a multiple of 1/65,536 (16-bit random draws).

    Every member draws from its own stream (`archflow.seeding.member_streams`), node by node.

    Args:
        x: (V, d) by node, (K, S, d) by padded position, or that in groups, (K, G, S, d).
        p: The rate.
        training: Nothing is dropped outside of training.
        rows: Which rows of x are nodes: the batch itself for x by node, `Batch.padded` for x by padded position.
            Without it, every row of x is a node; x is then (S, d) for one member, or (K, S, d).
    """
    return x * _kept(x, _words(x, rows), p).mul_(1 / (1 - p)) if training and p > 0 else x


def relu_dropout(x: Tensor, p: float, training: bool, rows: Batch | Padded | None = None) -> Tensor:
    """ReLU and dropout, in either order, combined to save passes over memory. x may be overwritten."""
    return _ReluDropout.apply(x, p, rows) if training and p > 0 else torch.relu_(x)


def pair_dropout(weights: Tensor, p: float, training: bool, rows: Padded, words: Tensor | None = None) -> Tensor:
    """`dropout` of attention weights (B, L, heads, L) between the nodes of the rows.

    Args:
        weights: The attention weights.
        p, training: As `dropout` takes them.
        rows: The padded rows.
        words: The `pair_words` of all rows, if `rows` are only a part of them; drawn for `rows` if None.
    """
    if not (training and p > 0):
        return weights
    words = pair_words(rows, weights.shape[2]) if words is None else words
    shape = (*rows.shape, rows.shape[1], weights.shape[2])
    words = words.view(shape) if rows.is_full else words[rows.pair_index]
    return weights * _kept(weights, words.transpose(2, 3), p).mul_(1 / (1 - p))


def pair_words(rows: Padded, heads: int) -> Tensor:
    """(pairs, heads) random int16 for every pair of nodes of one row, numbered as in `Padded.pair_index`."""
    return _drawn(rows.per_member(rows.counts**2), heads, rows.device, _place(rows.counts, 2))


def normal(rows: Padded, width: int, device: torch.device) -> Tensor:
    """(V, width) standard normal draws for every node."""
    counts, place = rows.per_member(rows.counts), _place(rows.counts)
    drawn = []
    for count, generator in zip(counts, generators(rows.members), strict=True):
        first, total = place or (0, count)
        drawn.append(torch.randn(total, width, generator=generator, device=device)[first : first + count])
    return torch.cat(drawn)


@contextmanager
def drawing_for(counts: Ints, first: int, last: int) -> Iterator[None]:
    """Inside the block the architectures from `first` to before `last` of a batch are encoded alone.

    They get the draws that they get in the whole batch, and the generators advance as they do for the whole batch.

    Args:
        counts: (B,) number of nodes of the whole batch's architectures.
        first, last: Bounds of the part.
    """
    token = _PART.set((counts, first, last))
    try:
        yield
    finally:
        _PART.reset(token)


def _place(rows: Ints, power: int = 1) -> tuple[int, int] | None:
    """Where the draws of a part of a batch begin, and the number of draws for the whole batch; None without a part.

    Args:
        rows: (R,) number of nodes in every row: one row for each architecture or a single one for all, perhaps with
            the same number of further nodes for each architecture.
        power: 1 for draws by node, 2 for draws by pair of nodes.

    Raises:
        ArchflowError: If the rows are others.
    """
    part = _PART.get()
    if part is None:
        return None
    counts, first, last = part
    own = counts[first:last]
    further = rows - own if len(rows) == len(own) else np.zeros(1, np.int64)
    draws = (counts + further[0]) ** power
    if draws[first:last].sum() != (rows**power).sum():
        raise ArchflowError(INDIVISIBLE)
    return int(draws[:first].sum()), int(draws.sum())


def _place_of(count: int) -> tuple[int, int] | None:
    """`_place` of `count` draws, equally many for each architecture."""
    part = _PART.get()
    if part is None:
        return None
    counts, first, last = part
    each, rest = divmod(count, last - first)
    if rest:
        raise ArchflowError(INDIVISIBLE)
    return each * first, each * len(counts)


def _kept(x: Tensor, words: Tensor, p: float) -> Tensor:
    """A mask of the shape of x: 1 where an entry is kept, 0 elsewhere."""
    return torch.ge(words, round(p * 65536) - 32768, out=torch.empty_like(x, requires_grad=False))


def _words(x: Tensor, rows: Batch | Padded | None) -> Tensor:
    """Random int16 of the shape of x. On a CPU, torch's own Bernoulli draws cost more than the layer before them."""
    if x.numel() == 0:
        return x.to(torch.int16)
    if rows is None:
        members = len(x) if x.ndim > 2 else 1
        count = x.numel() // members // x.shape[-1]
        return _drawn([count] * members, x.shape[-1], x.device, _place_of(count)).view(x.shape)
    if isinstance(rows, Batch):
        rows = rows.member_nodes
    if x.ndim == 4:
        words = _words(x.new_empty(()).expand(x.shape[0], x.shape[2], x.shape[1] * x.shape[3]), rows)
        return words.unflatten(2, (x.shape[1], -1)).transpose(1, 2)
    words = _drawn(rows.per_member(rows.counts), x.shape[-1], x.device, _place(rows.counts))
    return words if x.ndim == 2 else rows.gather(words).view(x.shape)


def _drawn(counts: Sequence[int], width: int, device: torch.device, place: tuple[int, int] | None = None) -> Tensor:
    """(sum of counts, width) random int16; counts: rows of each member, from its own generator. place: see `_place`."""
    drawn = []
    for count, generator in zip(counts, generators(len(counts)), strict=True):
        first, total = place or (0, count)
        words = torch.empty((total * width + 3) // 4, dtype=torch.int64, device=device)
        words.random_(-(2**63), None, generator=generator)
        drawn.append(words.view(torch.int16)[first * width : (first + count) * width])
    return (drawn[0] if len(drawn) == 1 else torch.cat(drawn)).view(-1, width)


class _ReluDropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, p: float, rows: Batch | Padded | None) -> Tensor:  # type: ignore[override]
        y = torch.relu(x).mul_(_kept(x, _words(x, rows), p)).mul_(1 / (1 - p))
        ctx.save_for_backward(y)
        ctx.scale = 1 / (1 - p)
        return y

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        # An entry let its gradient through exactly if it came out positive.
        (y,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(grad, y, 0).mul_(ctx.scale), None, None
