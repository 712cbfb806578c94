"""The contract of an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from archflow.encoders.layers import mean_pool
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

ENCODERS: Registry[type[Encoder]] = Registry("encoder", "archflow.encoders")


class Encoder(nn.Module, ABC):
    """A map from a batch of architectures to embeddings.

    n_ops: |O|, the size of the vocabulary. dim: d, the width of the embedding. width: of one layer, which is dim unless
    several layers lie side by side.
    config: the constructor's arguments, as JSON keeps them; `type(encoder)(**encoder.config)` is the same encoder with
    fresh weights. Every constructor takes `n_ops` and `width`; its other arguments have the published defaults.
    stackable: every parameter's first axis is a member, and the batch's `members` chooses: then several encoders
    train as one (`archflow.encoders.stack`). A plain `nn.Module` is not; its runs go one after the other.
    reads_positions: the embedding depends, on purpose, on how the nodes are numbered.
    reads_pairs: an architecture must be a pair of cells, two graphs side by side, as in DARTS.
    view: the form in which it was published to see architectures (`archflow.graph.effective.VIEWS`).

    What the embedding must not depend on: the order of a graph's nodes (unless the encoder reads positions), the other
    architectures of the batch. `archflow.testing.check_encoder` holds an encoder to it.
    """

    stackable: ClassVar[bool] = False
    reads_positions: ClassVar[bool] = False
    reads_pairs: ClassVar[bool] = False
    view: ClassVar[str] = "whole"
    n_ops: int
    dim: int
    width: int
    config: dict[str, Any]

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""

    def embed(self, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings: the mean over an architecture's nodes."""
        return mean_pool(self(batch), batch)


def encoders_of(architectures: ArchitectureSet) -> list[str]:
    """Names of the registered encoders that can read these architectures."""
    pairs = bool((architectures.cell_counts == 2).all())
    return [name for name in ENCODERS.names() if pairs or not ENCODERS.get(name).reads_pairs]
