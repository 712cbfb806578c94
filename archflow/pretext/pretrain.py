"""Pre-training: train an encoder on a pretext task."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import MinLen
from numpy.typing import NDArray
from torch import Tensor

from archflow.bounds import Bounded, bounded, check_progress
from archflow.checkpoint import TrainingState, fingerprint
from archflow.device import usable
from archflow.encoders import Encoder
from archflow.encoders.embedder import Architectures, Embedder
from archflow.encoders.memory import check_training
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import PretextTask, Targets
from archflow.pretext.distributed import average_gradients, check_draws, check_start, leads, processes, shared
from archflow.pretext.named import Settings, make_task, name_of, with_proxies
from archflow.progress import notebook_bar
from archflow.seeding import seeded

Losses = dict[str, list[float]]
OnEpoch = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class PretrainSettings(Bounded):
    """FGP's settings: AdamW without schedule or clipping, 200 epochs of batches of 256."""

    epochs: int = bounded(200, least=1)
    batch_size: int = bounded(256, least=1)
    learning_rate: float = bounded(1e-3, above=0)
    weight_decay: float = bounded(1e-6, least=0)
    seed: int = bounded(21, least=0)


def pretrain(
    embedder: Embedder,
    task: PretextTask | str,
    architectures: Architectures,
    proxies: Mapping[str, NDArray] | None = None,
    settings: PretrainSettings | None = None,
    *,
    tasks: Settings | None = None,
    checkpoint: Path | None = None,
    device: torch.device | str = "cpu",
    on_epoch: OnEpoch | None = None,
) -> Embedder:
    """Train the encoder of an embedder, in place, on a pretext task.

    If a process group of `torch.distributed` is initialised, all its processes must make the same call. Each encodes
    its share of every batch; all end with the weights that one process alone would have reached, up to float error.

    Args:
        embedder: Its vocabulary is the one that the task needs (`vocabulary_for`).
        task: A task for this encoder, or a name as for `make_task`, whose weights are then initialised from the seed.
        architectures: N architectures, as in a table; the embedder prepares them.
        proxies: Zero-cost proxies by name, (N,) each; NaN where a value is missing.
        settings: Settings of the training.
        tasks: Settings by task that differ from the defaults, if the task is given by name. A task that ranks proxies
            and names none ranks all that are given.
        checkpoint: File that holds the state after every epoch. If it exists, training resumes from it, to the same
            weights as an uninterrupted run: an epoch's order and dropout depend on (seed, epoch) alone.
        device: Device of the computation.
        on_epoch: Called after every epoch with its number (from 1) and losses; called once for restored epochs. In a
            process group only the first process calls it, and writes the state.

    Returns:
        The embedder with its history: `task`, `tasks` (the settings), `proxies`, `epochs`, `seed`, and `losses`, the
            mean terms of the loss in every epoch.

    Raises:
        ArchflowError: If the task's proxy, or its mask, is missing; the checkpoint has other settings, data or weights;
            memory does not suffice for the largest architectures; a loss is not finite; or processes cannot share the
            encoder (`archflow.pretext.distributed`).
    """
    settings, device = settings or PretrainSettings(), usable(device)
    name = task if isinstance(task, str) else name_of(task)
    if isinstance(task, str):
        with seeded(settings.seed, 2):
            task = make_task(task, embedder.encoder, with_proxies(task, tasks or {}, list(proxies or {})))
    prepared = embedder.prepare(architectures)
    check_training(embedder.encoder, prepared.node_counts, settings.batch_size, device)
    targets = {part: tensor.to(device) for part, tensor in task.targets(prepared, proxies or {}).items()}
    with notebook_bar(f"pre-training {name}", settings.epochs, on_epoch) as report, shared(embedder.encoder):
        losses = _train(embedder.encoder, task, prepared, targets, settings, checkpoint, device, report)
    about = {"tasks": task.config, "proxies": list(task.proxies), "epochs": settings.epochs, "seed": settings.seed}
    return embedder.with_history(task=name, **about, losses=losses)


def _train(
    encoder: Encoder,
    task: PretextTask,
    architectures: ArchitectureSet,
    targets: Targets,
    settings: PretrainSettings,
    checkpoint: Path | None,
    device: torch.device,
    on_epoch: OnEpoch | None,
) -> Losses:
    encoder.to(device).train()
    task.to(device).train()
    parameters = [*encoder.parameters(), *task.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)
    losses: Losses = {}
    start = 0
    state = None
    on_epoch = on_epoch if leads() else None
    alone = checkpoint is None and processes() == 1
    key = "" if alone else _key(encoder, task, architectures, targets, settings)
    if checkpoint is not None:
        state = TrainingState(checkpoint, key, {"encoder": encoder, "task": task}, optimiser)
        restored = state.restore(dict[str, Annotated[list[float], MinLen(1)]])
        if restored is not None:
            start, losses, _ = restored
            if on_epoch is not None:
                on_epoch(start, {part: values[-1] for part, values in losses.items()})
    check_start(key, start)
    for epoch in range(start, settings.epochs):
        task.begin_epoch(epoch / settings.epochs)
        with seeded(settings.seed, epoch):
            means = _epoch(encoder, task, architectures, targets, optimiser, settings.batch_size, device)
            check_draws(device)
        check_progress("pre-training", epoch, means.values(), settings.learning_rate)
        for part, value in means.items():
            losses.setdefault(part, []).append(value)
        if state is not None and leads():
            state.save(epoch + 1, losses)
        if on_epoch is not None:
            on_epoch(epoch + 1, means)
    encoder.eval()
    return losses


def _epoch(encoder, task, architectures, targets, optimiser, batch_size, device) -> dict[str, float]:
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    order = torch.randperm(len(architectures)).numpy()
    sums: dict[str, Tensor] = {}
    for first in range(0, len(order), batch_size):
        rows: NDArray[np.int64] = order[first : first + batch_size]
        at = torch.from_numpy(rows).to(device)
        batch = Batch(architectures, rows, device)
        parts = task.loss(encoder, batch, {name: values[at] for name, values in targets.items()})
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        average_gradients(parameters)
        optimiser.step()
        for name, part in parts.items():
            sums[name] = sums.get(name, 0) + part.detach() * len(rows)
    return {name: float(value) / len(order) for name, value in sums.items()}


def _key(
    encoder: Encoder,
    task: PretextTask,
    architectures: ArchitectureSet,
    targets: Targets,
    settings: PretrainSettings,
) -> str:
    """A fingerprint of everything that determines the outcome of the training."""
    ops = list(architectures.vocabulary.ops)
    models = [(type(model).__qualname__, model.config) for model in (encoder, task)]
    weights = (*encoder.state_dict().values(), *task.state_dict().values())
    return fingerprint(asdict(settings), models, ops, _digests(architectures), *targets.values(), *weights)


def _digests(architectures: ArchitectureSet) -> dict[str, str]:
    """The digest of every array of a set, in whatever parts it is read; `attributes.NAME` for node attributes."""
    found: dict[str, Any] = {}
    for some in architectures.pieces():
        arrays = {name: getattr(some, name) for name in ("node_counts", "edge_counts", "op", "edge_src", "edge_dst")}
        arrays |= {f"attributes.{name}": some.attribute(name) for name in some.attribute_names}
        for name, values in arrays.items():
            found.setdefault(name, hashlib.blake2b(digest_size=8)).update(np.ascontiguousarray(values).data)
    return {name: digest.hexdigest() for name, digest in found.items()}
