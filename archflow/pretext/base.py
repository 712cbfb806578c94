"""The contract of a pretext task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.learned_surrogate import LearnedSurrogate
from archflow.registry import Registry

Targets = Mapping[str, Tensor]

MASK = "[mask]"
"""The operation that stands where a task hides one."""


@dataclass(frozen=True)
class PretextSettings:
    """What differs between search spaces, for all tasks.

    proxies: names of the zero-cost proxies to rank, each for itself.
    margin: of that ranking; 0.5 for NAS-Bench-101 and -201, 0.1 for -301 (FGP's released code).
    surrogate: the flow to reconstruct, or what stands for it. flow_weight, proxy_weight: FGP's lambda_1 and lambda_2,
    tuned there in {(1/2, 1/2), (1/3, 2/3), (2/3, 1/3)}.
    mask_share: of the operations that GMAE hides; 0.75, 0.15 and 0.05 for NAS-Bench-101, -201 and -301 (its code).
    cost: the name of the proxy that tells similar computation, by which CATE finds its pairs.
    hops: CAP's K and R, how far a sub-graph reaches and how far its context; (1, 2), (1, 3) and (2, 3) there.
    """

    proxies: tuple[str, ...] = ()
    margin: float = 0.5
    surrogate: FlowSurrogate | LearnedSurrogate = field(default_factory=FlowSurrogate)
    flow_weight: float = 0.5
    proxy_weight: float = 0.5
    mask_share: float = 0.15
    hops: tuple[int, int] = (1, 3)
    cost: str = "params"


class PretextTask(nn.Module, ABC):
    """What an encoder is trained to do before it sees a label. Its decoder is thrown away afterwards.

    A registered task is made by `Task(encoder, settings)`; it reads the encoder's sizes, and may keep a copy of it.

    masks: the task hides operations. Then the architectures' vocabulary must hold `MASK`, and the encoder know it
    (`archflow.pretext.vocabulary_for`).
    """

    masks: ClassVar[bool] = False

    def __init__(self, settings: PretextSettings) -> None:
        super().__init__()
        self.settings = settings

    @staticmethod
    def proxies(settings: PretextSettings) -> tuple[str, ...]:
        """The names of the zero-cost proxies that `targets` will look at."""
        return ()

    @abstractmethod
    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Named targets, one row an architecture: (N, ...). proxies: zero-cost proxies by name, (N,), NaN = missing.

        Raises ArchflowError if a proxy that the task needs is not there.
        """

    @abstractmethod
    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """The weighted parts of the loss, scalars; training minimises their sum. targets: the rows of the batch."""

    def begin_epoch(self, share: float) -> None:
        """Called before every epoch of training; share: of the epochs that are done, 0 to 1. For curricula."""


PRETEXT_TASKS: Registry[Callable[[Encoder, PretextSettings], PretextTask]] = Registry(
    "pretext task", "archflow.pretext"
)
"""Tasks by name; each is made by `Task(encoder, settings)`."""


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
