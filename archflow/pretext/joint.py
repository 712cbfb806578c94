"""Several pretext tasks at once, by weighted sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import EmbeddingTask, PretextSettings, PretextTask, Targets


class JointTask(PretextTask):
    """L = sum over tasks of weight L_task. Tasks on embeddings share one pass of the encoder.

    tasks: with the weight of each. Raises ArchflowError where two tasks call a target, or a part of the loss, alike.
    """

    def __init__(self, settings: PretextSettings, tasks: Mapping[str, tuple[PretextTask, float]]) -> None:
        super().__init__(settings)
        self._tasks = nn.ModuleList(task for task, _ in tasks.values())
        self.weights = [weight for _, weight in tasks.values()]

    @property
    def tasks(self) -> list[PretextTask]:
        """The tasks, as `weights` has them."""
        return [cast(PretextTask, task) for task in self._tasks]

    def begin_epoch(self, share: float) -> None:
        for task in self.tasks:
            task.begin_epoch(share)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        joined: dict[str, Tensor] = {}
        for task in self.tasks:
            _add(joined, task.targets(architectures, proxies))
        return joined

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        embedding = None
        parts: dict[str, Tensor] = {}
        for task, weight in zip(self.tasks, self.weights, strict=True):
            if isinstance(task, EmbeddingTask):
                embedding = encoder.embed(batch) if embedding is None else embedding
                own = task.loss_of(embedding, targets)
            else:
                own = task.loss(encoder, batch, targets)
            _add(parts, {name: weight * part for name, part in own.items()})
        return parts


def _add(joined: dict[str, Tensor], more: Mapping[str, Tensor]) -> None:
    for name, value in more.items():
        if name in joined:
            raise ArchflowError(f"joint task: two of its tasks have a {name!r}; they cannot be told apart")
        joined[name] = value
