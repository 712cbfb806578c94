"""The contract of a pretext task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.flow import FlowSurrogate
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

Targets = Mapping[str, Tensor]


@dataclass(frozen=True)
class PretextSettings:
    """What pretext tasks share.

    proxy: name of the zero-cost proxy to rank. margin: of that ranking; 0.5 for NAS-Bench-101 and -201, 0.1 for -301
    (released code). surrogate: the flow to reconstruct. flow_weight, proxy_weight: FGP's lambda_1 and lambda_2, tuned
    there in {(1/2, 1/2), (1/3, 2/3), (2/3, 1/3)}.
    """

    proxy: str | None = None
    margin: float = 0.5
    surrogate: FlowSurrogate = field(default_factory=FlowSurrogate)
    flow_weight: float = 0.5
    proxy_weight: float = 0.5


class PretextTask(nn.Module, ABC):
    """What an encoder is trained to do before it sees a label. Its decoder is thrown away afterwards.

    A registered task is made by `Task(dim, settings)`.
    """

    def __init__(self, settings: PretextSettings) -> None:
        super().__init__()
        self.settings = settings

    @abstractmethod
    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Named targets, one row an architecture: (N, ...). proxies: zero-cost proxies by name, (N,), NaN = missing.

        Raises ArchflowError if a proxy that the task needs is not there.
        """

    @abstractmethod
    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """The weighted parts of the loss, scalars; training minimises their sum. targets: the rows of the batch."""


PRETEXT_TASKS: Registry[Callable[[int, PretextSettings], PretextTask]] = Registry("pretext task", "archflow.pretext")
"""Tasks by name; each is made by `Task(dim, settings)`, dim being d of the encoder."""


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
