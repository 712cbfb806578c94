"""Pre-training by several processes, each of which encodes its share of every batch.

All processes draw the same batches and the same random numbers. The encoder is the only part whose work is divided: a
process encodes its share of the architectures and receives the values of the others, so that a task's loss is computed
from the whole batch, whatever the task. The results are those of one process up to float error.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from archflow.checkpoint import fingerprint
from archflow.device import usable
from archflow.encoders import Encoder
from archflow.encoders.dropout import drawing_for
from archflow.encoders.layers import BatchNorm
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.ragged import pointer
from archflow.progress import LOGGER


def processes() -> int:
    """The number of processes in the group; 1 without one."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def leads() -> bool:
    """Whether this process writes files and progress: the first of its group, or one without a group."""
    return processes() == 1 or dist.get_rank() == 0


@contextmanager
def torchrun_group(device: str) -> Iterator[str]:
    """Join the processes that `torchrun` has started, if it has; only the first of them logs inside the block.

    Yields:
        The device to compute on: for `cuda` the one that belongs to this process.

    Raises:
        ArchflowError: If the device does not exist here.
    """
    if not dist.is_available() or not dist.is_torchelastic_launched():
        yield device
        return
    place = usable(f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    level = LOGGER.level
    if not leads():
        LOGGER.setLevel(logging.CRITICAL)
    try:
        yield str(place)
    finally:
        LOGGER.setLevel(level)
        dist.destroy_process_group()


@contextmanager
def shared(encoder: Encoder) -> Iterator[None]:
    """Inside the block each process computes its share of the encoder's embeddings and receives the others'.

    Raises:
        ArchflowError: If the encoder normalises over the batch, so that a share of it has other values.
    """
    if processes() == 1:
        yield
        return
    if any(isinstance(module, BatchNorm | nn.modules.batchnorm._BatchNorm) for module in encoder.modules()):
        raise ArchflowError(
            f"{type(encoder).__name__} normalises over the whole batch, which {processes()} processes cannot share; "
            "pre-train it in one process"
        )
    share = _Share()
    divided = {"forward": share.of(encoder.forward, by_node=True), "embed": share.of(encoder.embed, by_node=False)}
    vars(encoder).update(divided)
    try:
        yield
    finally:
        for name in divided:
            del vars(encoder)[name]


class _Share:
    """Divides calls of an encoder's methods; what such a call calls in turn has been divided already."""

    def __init__(self) -> None:
        self.inside = False

    def of(self, method: Callable[[Batch], Tensor], by_node: bool) -> Callable[[Batch], Tensor]:
        """The method, which gives a row per node or per architecture, with the work divided.

        Each process computes the whole of a batch that has fewer architectures than there are processes.
        """

        def divided(batch: Batch) -> Tensor:
            rank, count = dist.get_rank(), processes()
            if self.inside or len(batch) < count:
                return method(batch)
            counts = batch.architectures.node_counts[batch.rows]
            first, last = len(batch) * rank // count, len(batch) * (rank + 1) // count
            start, end = pointer(counts)[[first, last]].tolist()
            self.inside = True
            try:
                with drawing_for(counts, first, last):
                    own = method(_part(batch, slice(first, last), slice(start, end)))
            finally:
                self.inside = False
            return _Gathered.apply(own, *((start, len(batch.op)) if by_node else (first, len(batch))))

        return divided


def _part(batch: Batch, rows: slice, nodes: slice) -> Batch:
    """Some architectures of a batch of one encoder, with the operations and attributes that they have in it."""
    part = Batch(batch.architectures, batch.rows[rows], batch.device).with_ops(batch.op[nodes])
    if batch.attributes is not None:
        part.attributes = batch.attributes[nodes]
    return part


class _Gathered(torch.autograd.Function):
    """Rows of all processes. Every process computes the same loss of them, so the gradient of its own rows is whole.

    It is multiplied by the number of processes, since gradients are averaged afterwards (`average_gradients`).
    """

    @staticmethod
    def forward(ctx, own: Tensor, first: int, rows: int) -> Tensor:  # type: ignore[override]
        ctx.span = slice(first, first + len(own))
        whole = own.new_zeros(rows, *own.shape[1:])
        whole[ctx.span] = own
        dist.all_reduce(whole)
        return whole

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[override]
        return grad[ctx.span] * processes(), None, None


def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Replace gradients by their mean over the processes: the gradient that one process would have computed.

    Parameters outside of what is divided have the same gradient everywhere. A parameter without a gradient in some
    processes has zero there; one without any gradient keeps none.
    """
    if processes() == 1:
        return
    gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in parameters]
    present = gradients[0].new_tensor([each.grad is not None for each in parameters])
    flat = torch.cat([present, *(gradient.flatten() for gradient in gradients)])
    dist.all_reduce(flat)
    present, *means = flat.split([len(parameters), *(each.numel() for each in parameters)])
    for parameter, mean, count in zip(parameters, means, present.tolist(), strict=True):
        parameter.grad = mean.view_as(parameter) / processes() if count else None


def check_start(*start: Any) -> None:
    """Raise ArchflowError unless all processes start alike: the same settings, data, weights, epoch."""
    _agree(start, "different settings, data, weights or training states; give all of them the same")


def check_draws(device: torch.device) -> None:
    """Raise ArchflowError unless all processes have drawn the same random numbers."""
    if processes() == 1:
        return
    states = [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]
    mend = "let the encoder drop out by archflow.encoders.dropout, or pre-train in one process"
    _agree(fingerprint(*states), f"drawn different random numbers; {mend}")


def _agree(value: Any, different: str) -> None:
    if processes() == 1:
        return
    values: list[Any] = [None] * processes()
    dist.all_gather_object(values, value)
    if any(each != value for each in values):
        raise ArchflowError(f"the {processes()} processes have {different}")
