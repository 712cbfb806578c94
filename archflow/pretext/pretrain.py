"""The pre-training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.checkpoint import TrainingState, fingerprint
from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import PretextTask
from archflow.seeding import seeded

Losses = dict[str, list[float]]


@dataclass(frozen=True)
class PretrainSettings:
    """FGP's settings: AdamW without schedule or clipping, 200 epochs of batches of 256."""

    epochs: int = 200
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    seed: int = 21


def pretrain(
    encoder: Encoder,
    task: PretextTask,
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray] | None = None,
    settings: PretrainSettings | None = None,
    checkpoint: Path | None = None,
    device: torch.device | str = "cpu",
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Losses:
    """Train `encoder` (in place) on `task` and return the mean loss parts of every epoch.

    checkpoint: file that holds the state after every epoch. If it exists, training goes on from it, to the same
    weights as an undisturbed run: an epoch's order and dropout follow from (seed, epoch) alone.
    on_epoch: called after every epoch with its number (from 1) and losses; for those restored, once.

    Raises ArchflowError if the task's proxy, or its mask, is missing, or the checkpoint is of other settings, data or
    weights.
    """
    settings = settings or PretrainSettings()
    targets = {name: tensor.to(device) for name, tensor in task.targets(architectures, proxies or {}).items()}
    encoder.to(device).train()
    task.to(device).train()
    parameters = [*encoder.parameters(), *task.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)
    losses: Losses = {}
    start = 0
    state = None
    if checkpoint is not None:
        data = (architectures.hashes, *targets.values(), *parameters)
        setup = (asdict(settings), type(task).__name__, task.config, type(encoder).__name__, encoder.config)
        key = fingerprint(*setup, list(architectures.vocabulary.ops), *data)
        state = TrainingState(checkpoint, key, {"encoder": encoder, "task": task}, optimiser)
        restored = state.restore()
        if restored is not None:
            start, losses, _ = restored
            if on_epoch is not None:
                on_epoch(start, {name: values[-1] for name, values in losses.items()})
    for epoch in range(start, settings.epochs):
        task.begin_epoch(epoch / settings.epochs)
        with seeded(settings.seed, epoch):
            means = _epoch(encoder, task, architectures, targets, optimiser, settings.batch_size, device)
        for name, value in means.items():
            losses.setdefault(name, []).append(value)
        if state is not None:
            state.save(epoch + 1, losses)
        if on_epoch is not None:
            on_epoch(epoch + 1, means)
    encoder.eval()
    return losses


def _epoch(encoder, task, architectures, targets, optimiser, batch_size, device) -> dict[str, float]:
    order = torch.randperm(len(architectures)).numpy()
    sums: dict[str, torch.Tensor] = {}
    for first in range(0, len(order), batch_size):
        rows: NDArray[np.int64] = order[first : first + batch_size]
        at = torch.from_numpy(rows).to(device)
        batch = Batch(architectures, rows, device)
        parts = task.loss(encoder, batch, {name: values[at] for name, values in targets.items()})
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        optimiser.step()
        for name, part in parts.items():
            sums[name] = sums.get(name, 0) + part.detach() * len(rows)
    return {name: float(value) / len(order) for name, value in sums.items()}
