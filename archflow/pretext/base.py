"""The contract of a pretext task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.configured import Configured
from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

Targets = Mapping[str, Tensor]

MASK = "[mask]"
"""The operation that stands where a task hides one."""


class PretextTask(Configured, nn.Module, ABC):
    """What an encoder is trained to do before it sees a label. Its decoder is thrown away afterwards.

    Write a constructor that takes the encoder, to read its sizes or to keep a copy of it, and then the task's own
    settings with their published defaults, and that calls `super().__init__()` first.

    Attributes:
        config: The settings, captured by `Configured`; `type(task)(encoder, **task.config)` is the same task with
            fresh weights.
        masks: The task hides operations. Then the architectures' vocabulary must hold `MASK`, and the encoder know it
            (`archflow.pretext.vocabulary_for`).
        proxy_settings: Those of the settings that name zero-cost proxies, one or several each.
    """

    masks: ClassVar[bool] = False
    proxy_settings: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.config.pop("encoder", None)
        named_proxies(type(self), self.config)  # refuses a setting that names none

    @property
    def proxies(self) -> tuple[str, ...]:
        """The names of the zero-cost proxies that `targets` looks at."""
        return named_proxies(type(self), self.config)

    @abstractmethod
    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Compute what the loss compares with, once, before training.

        Args:
            architectures: N of them.
            proxies: Zero-cost proxies by name, (N,) each; NaN where a value is missing.

        Returns:
            Named tensors with a row per architecture, (N, ...); none if the architectures of a batch say it all.

        Raises:
            ArchflowError: A proxy that the task needs is missing.
        """

    @abstractmethod
    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """The weighted parts of the loss, scalars; training minimises their sum. targets: the rows of the batch."""

    def begin_epoch(self, share: float) -> None:
        """Called before every epoch of training; share: of the epochs that are done, 0 to 1. For curricula."""


PRETEXT_TASKS: Registry[type[PretextTask]] = Registry("pretext task", "archflow.pretext")
"""Tasks by name; each is made by `Task(encoder, **settings)`."""


def named_proxies(task: type[PretextTask], config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the zero-cost proxies that a task with these settings needs, each once.

    Raises:
        ArchflowError: A setting that should name proxies names none.
    """
    found: list[str] = []
    for setting in task.proxy_settings:
        named = [config[setting]] if isinstance(config[setting], str) else list(config[setting])
        if not all(named) or not named:
            raise ArchflowError(
                f"{task.__name__}: no proxy is named; give {setting!r} the name of one, or choose a task without"
            )
        found += named
    return tuple(dict.fromkeys(found))


def positive(task: str, **settings: float) -> None:
    """Raises ArchflowError for a setting of a task that is not above 0, or not finite."""
    for name, value in settings.items():
        if not 0 < value < float("inf"):
            raise ArchflowError(f"{task}: {name} {value:g} must be a positive number")


def mask_id(architectures: ArchitectureSet) -> int:
    """The id of `MASK`. Raises ArchflowError if the vocabulary lacks it."""
    if MASK not in architectures.vocabulary:
        raise ArchflowError(
            "the task hides operations: recode the architectures to `vocabulary_for(task, vocabulary)`, and build the "
            "encoder for it"
        )
    return architectures.vocabulary.index(MASK)


class EmbeddingTask(PretextTask):
    """A task that needs the architectures' embeddings and nothing else of the encoder."""

    @abstractmethod
    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        """The parts of the loss from embeddings (B, d)."""

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        return self.loss_of(encoder.embed(batch), targets)


def decoder(n_in: int, hidden: Sequence[int], n_out: int) -> nn.Sequential:
    """A perceptron with ReLU between its layers: (B, n_in) -> (B, n_out)."""
    widths = [n_in, *hidden]
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))
