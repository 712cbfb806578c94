"""The contract of an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

from torch import Tensor, nn

from archflow.configured import Configured
from archflow.encoders.readout import Mean, Readout
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

ENCODERS: Registry[type[Encoder]] = Registry("encoder", "archflow.encoders")


class Encoder(Configured, nn.Module, ABC):
    """A map from a batch of architectures to embeddings.

    Write a constructor that takes `n_ops` and `width`, gives its other arguments the published defaults and calls
    `super().__init__()` first, and `forward`.

    The embedding must depend neither on the order of a graph's nodes (unless the encoder reads positions) nor on the
    other architectures of the batch. `archflow.testing.check_encoder` holds an encoder to it.

    Attributes:
        n_ops: |O|, the size of the vocabulary: the constructor's argument of that name.
        width: Width of one layer: the constructor's argument of that name.
        n_attributes: F, how many standardised node attributes the encoder reads (`archflow.encoders.inputs`): the
            constructor's argument of that name. An encoder with 0 reads none, whatever a batch has.
        dim: d, the width of the embedding. It is `width` unless the constructor sets another.
        readout: Makes the embedding from the nodes (`archflow.encoders.readout`): their mean, unless the constructor
            sets another. The encoders here take its name as an argument `readout`.
        config: The constructor's arguments, captured by `Configured`; `type(encoder)(**encoder.config)` is the same
            encoder with fresh weights.
        stackable: All parameters have a leading axis of size K, so that K encoders can train as one module
            (`archflow.encoders.stack`). A plain `nn.Module` is not stackable; its runs train one after the other.
        reads_positions: The embedding depends, on purpose, on how the nodes are numbered.
        reads_pairs: An architecture must be a pair of cells, two graphs side by side, as in DARTS.
        view: The form in which it was published to see architectures (`archflow.graph.effective.VIEWS`).
    """

    stackable: ClassVar[bool] = False
    reads_positions: ClassVar[bool] = False
    reads_pairs: ClassVar[bool] = False
    view: ClassVar[str] = "whole"
    n_ops: int
    dim: int
    width: int
    n_attributes: int = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readout: Readout = Mean()
        for name in ("n_ops", "width", "n_attributes"):
            if name in self.config:
                setattr(self, name, self.config[name])
        if "width" in self.config:
            self.dim = self.width

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""

    def states(self, batch: Batch) -> Tensor:
        """(V, d) what a read-out pools; the node embeddings, for all but few encoders."""
        return self(batch)

    @final
    def embed(self, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings: what the read-out makes of the nodes."""
        return self.readout(self, batch)


def encoders_of(architectures: ArchitectureSet) -> list[str]:
    """Names of the registered encoders that can read these architectures."""
    pairs = bool((architectures.cell_counts == 2).all())
    return [name for name in ENCODERS.names() if pairs or not ENCODERS.get(name).reads_pairs]
