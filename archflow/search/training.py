"""Joint training of many small networks of one shape: one for each member of each lesson."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.bounds import Bounded, bounded
from archflow.encoders.members import stack, unstack
from archflow.encoders.rebuilt import check_weights
from archflow.seeding import member_streams, seeded

Module = TypeVar("Module", bound=nn.Module)
Key = tuple[int, ...]
"""Seeds of a member's random draws, such as (seed of the lesson, index in its ensemble)."""

TOGETHER = 8_000_000
"""Total number of parameters trained at once; more do not make training faster."""


@dataclass(frozen=True)
class Training(Bounded):
    """Settings of Adam.

    Attributes:
        epochs: Passes over the labels.
        batch_size: Architectures per step.
        learning_rate: The learning rate of the weights; the initial one if it decays.
        bias_rate: The rate of biases, as a multiple of that of weights.
        weight_decay: Added to the gradient of weights; not to that of biases if these have their own rate.
        first, second: Decay of the moments of the gradient.
        falling: Whether the rate decays to zero, along half a cosine.
    """

    epochs: int = bounded(150, least=1)
    batch_size: int = bounded(32, least=2)
    learning_rate: float = bounded(0.01, above=0)
    bias_rate: float = bounded(1.0, above=0)
    weight_decay: float = bounded(0.0, least=0)
    first: float = bounded(0.9, least=0, most=0.9999)
    second: float = bounded(0.999, least=0, most=0.9999)
    falling: bool = False


def train(
    make: Callable[[], Module],
    keys: Sequence[Key],
    labels: int,
    loss: Callable[[Module, Sequence[int], NDArray[np.int64]], Tensor],
    settings: Training,
) -> list[Module]:
    """Train K networks; no network depends on the others.

    Args:
        make: Builds a network with random weights; its parameters have a leading axis for members.
        keys: One key per network.
        labels: n, the number of labels per network.
        loss: The stacked networks, their indices among the K, and (M, b) label indices per network -> (M,) losses.
        settings: Settings of the training.

    Returns:
        The K trained networks.

    Raises:
        ArchflowError: If the training diverged.
    """
    trained: list[Module] = []
    for members in _parts(make, len(keys)):
        own = [keys[member] for member in members]
        trained += _train(make, own, labels, lambda model, rows, at=members: loss(model, at, rows), settings)
    return trained


def _parts(make: Callable[[], nn.Module], count: int) -> Iterator[range]:
    """Ranges of networks that are trained at once."""
    with seeded(0):
        size = sum(parameter.numel() for parameter in make().parameters())
    step = max(1, TOGETHER // max(size, 1))
    for first in range(0, count, step):
        yield range(first, min(first + step, count))


def _train(make, keys: Sequence[Key], labels: int, loss, settings: Training) -> list:
    made = []
    for key in keys:
        with seeded(*key):
            made.append(make())
    model = stack(made)
    optimiser = _adam(model, settings)
    rates = [group["lr"] for group in optimiser.param_groups]
    starts = [first for first in range(0, labels, settings.batch_size) if labels - first > 1 or labels == 1]
    step, steps = 0, settings.epochs * len(starts)
    model.train()
    for epoch in range(settings.epochs):
        order = np.stack([np.random.default_rng((*key, epoch)).permutation(labels) for key in keys])
        with member_streams([(*key, epoch) for key in keys]):
            for first in starts:
                if settings.falling:
                    for group, rate in zip(optimiser.param_groups, rates, strict=True):
                        group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
                optimiser.zero_grad()
                loss(model, order[:, first : first + settings.batch_size]).sum().backward()
                optimiser.step()
                step += 1
    check_weights(model)
    return [member.eval() for member in unstack(model)]


def _adam(model: nn.Module, settings: Training) -> torch.optim.Adam:
    named = list(model.named_parameters())
    apart = settings.bias_rate != 1
    biases = [value for name, value in named if apart and name.endswith("bias")]
    weights = [value for name, value in named if not (apart and name.endswith("bias"))]
    rate, betas = settings.learning_rate, (settings.first, settings.second)
    parts = [{"params": weights, "lr": rate, "weight_decay": settings.weight_decay}]
    if biases:
        parts.append({"params": biases, "lr": rate * settings.bias_rate, "weight_decay": 0.0})
    return torch.optim.Adam(parts, rate, betas, fused=True)
