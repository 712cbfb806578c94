"""The contract of a pretext task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

PRETEXT_TASKS: Registry[type[PretextTask]] = Registry("pretext task", "archflow.pretext")

Targets = Mapping[str, Tensor]


class PretextTask(nn.Module, ABC):
    """What an encoder is trained to do before it sees a label. Its decoder is thrown away afterwards."""

    @abstractmethod
    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Named targets, one row an architecture: (N, ...). proxies: zero-cost proxies by name, (N,), NaN = missing.

        Raises ArchflowError if a proxy that the task needs is not there.
        """

    @abstractmethod
    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        """The weighted parts of the loss, scalars; training minimises their sum. targets: the rows of the batch."""


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
    for a, b in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))
