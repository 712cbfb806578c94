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
"""The operation that replaces a hidden one."""


class PretextTask(Configured, nn.Module, ABC):
    """A training objective without labels. Its decoder is discarded after pre-training.

    Subclasses define a constructor that takes the encoder, to read its sizes or to copy it, followed by the task's own
    settings with their published defaults, and that calls `super().__init__()` first.

    Attributes:
        config: The settings, captured by `Configured`; `type(task)(encoder, **task.config)` is the same task with new
            weights.
        masks: Whether the task hides operations. If so, the vocabulary of the architectures and of the encoder must
            contain `MASK` (`archflow.pretext.vocabulary_for`).
        proxy_settings: Names of the settings that name zero-cost proxies, one or several each.
    """

    masks: ClassVar[bool] = False
    proxy_settings: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.config.pop("encoder", None)
        named_proxies(type(self), self.config)  # raises for a setting that names no proxy

    @property
    def proxies(self) -> tuple[str, ...]:
        """Names of the zero-cost proxies that `targets` reads."""
        return named_proxies(type(self), self.config)

    @abstractmethod
    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Compute the targets of the loss, once before training.

        Args:
            architectures: N architectures.
            proxies: Zero-cost proxies by name, (N,) each; NaN where a value is missing.

        Returns:
            Named tensors with one row per architecture, (N, ...); empty if the batch contains all that the loss needs.

        Raises:
            ArchflowError: If a proxy that the task needs is missing.
        """

    @abstractmethod
    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """The weighted terms of the loss, scalars; training minimises their sum.

        Args:
            encoder: The encoder in training.
            batch: B architectures.
            targets: The batch's rows of the tensors of `targets`.
        """

    def begin_epoch(self, share: float) -> None:
        """Called before every epoch of training, for curricula; `share` is the fraction of epochs completed, 0 to 1."""


PRETEXT_TASKS: Registry[type[PretextTask]] = Registry("pretext task", "archflow.pretext")
"""Tasks by name; each is made by `Task(encoder, **settings)`."""


def named_proxies(task: type[PretextTask], config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the zero-cost proxies that a task with these settings needs, without duplicates.

    Raises:
        ArchflowError: If a setting that should name proxies is empty.
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
    """Raise ArchflowError for a setting that is not positive and finite."""
    for name, value in settings.items():
        if not 0 < value < float("inf"):
            raise ArchflowError(f"{task}: {name} {value:g} must be a positive number")


def mask_id(architectures: ArchitectureSet) -> int:
    """The id of `MASK`. Raises ArchflowError if the vocabulary does not contain it."""
    if MASK not in architectures.vocabulary:
        raise ArchflowError(
            "the task hides operations: recode the architectures to `vocabulary_for(task, vocabulary)`, and build the "
            "encoder for it"
        )
    return architectures.vocabulary.index(MASK)


class EmbeddingTask(PretextTask):
    """A task that needs only the architectures' embeddings."""

    @abstractmethod
    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        """The terms of the loss from embeddings (B, d)."""

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        return self.loss_of(encoder.embed(batch), targets)


def decoder(n_in: int, hidden: Sequence[int], n_out: int) -> nn.Sequential:
    """A perceptron with ReLU between its layers: (B, n_in) -> (B, n_out)."""
    widths = [n_in, *hidden]
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))
