"""A weighted sum of several pretext tasks."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import EmbeddingTask, PretextTask, Targets
from archflow.seeding import seeded


class JointTask(PretextTask):
    """L = sum over tasks of weight L_task. Tasks on embeddings share one pass of the encoder.

    Every other task has its own random stream, which depends on the seed of the epoch, the rows of the batch and the
    task's name, so that its draws do not depend on the other tasks.

    Args:
        tasks: Tasks by name, with their weights.
    """

    def __init__(self, tasks: Mapping[str, tuple[PretextTask, float]]) -> None:
        super().__init__()
        self.config = {name: {"weight": weight, "config": task.config} for name, (task, weight) in tasks.items()}
        self.weights = {name: weight for name, (_, weight) in tasks.items()}
        self._tasks = nn.ModuleDict(
            {name.replace(".", "/"): task for name, (task, _) in tasks.items()}
        )  # torch: no dot

    @property
    def tasks(self) -> dict[str, PretextTask]:
        """The tasks by name."""
        return {name: cast(PretextTask, task) for name, task in zip(self.weights, self._tasks.values(), strict=True)}

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(proxy for task in self.tasks.values() for proxy in task.proxies))

    def begin_epoch(self, share: float) -> None:
        for task in self.tasks.values():
            task.begin_epoch(share)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """The targets of all tasks. Also raises ArchflowError if two tasks have a target of the same name."""
        joined: dict[str, Tensor] = {}
        for task in self.tasks.values():
            _add(joined, task.targets(architectures, proxies))
        return joined

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        embedding = None
        parts: dict[str, Tensor] = {}
        for name, task in self.tasks.items():
            if isinstance(task, EmbeddingTask):
                embedding = encoder.embed(batch) if embedding is None else embedding
                own = task.loss_of(embedding, targets)
            else:
                with seeded(torch.initial_seed(), zlib.crc32(batch.rows.tobytes()), zlib.crc32(name.encode())):
                    own = task.loss(encoder, batch, targets)
            _add(parts, {part: self.weights[name] * value for part, value in own.items()})
        return parts


def _add(joined: dict[str, Tensor], more: Mapping[str, Tensor]) -> None:
    for name, value in more.items():
        if name in joined:
            raise ArchflowError(f"joint task: two of its tasks have a {name!r}; the names must differ")
        joined[name] = value
