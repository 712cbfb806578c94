"""The contract of an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, final

from torch import Tensor, nn

from archflow.bounds import TRAINED_BYTES, WIDEST
from archflow.configured import Configured
from archflow.encoders.readout import Mean, Readout
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.ragged import Ints
from archflow.memory import check_memory
from archflow.registry import Registry

ENCODERS: Registry[type[Encoder]] = Registry("encoder", "archflow.encoders")


class Encoder(Configured, nn.Module, ABC):
    """A map from a batch of architectures to embeddings.

    A subclass needs `forward` and a constructor that takes `n_ops` and `width`, gives its other arguments the published
    defaults, and calls `super().__init__()` first. A saved encoder is built on torch's meta device before its weights
    are loaded, so the constructor must not read the values of tensors.

    The embedding must depend neither on the order of a graph's nodes (unless the encoder reads positions) nor on the
    other architectures in the batch; `archflow.testing.check_encoder` checks this.

    Attributes:
        n_ops: |O|, the size of the vocabulary; a constructor argument.
        width: Width of a layer; a constructor argument.
        n_attributes: F, the number of standardised node attributes that the encoder reads (`archflow.encoders.inputs`);
            a constructor argument. With 0, it ignores the attributes of a batch.
        dim: d, the width of the embedding: `width` unless the constructor sets another.
        readout: Computes the embedding from the nodes (`archflow.encoders.readout`): their mean, unless the constructor
            sets another. The encoders here take its name as an argument `readout`.
        config: The constructor's arguments, captured by `Configured`; `type(encoder)(**encoder.config)` is the same
            encoder with fresh weights.
        stackable: Whether all parameters have a leading axis of size K, so that K encoders can train as one module
            (`archflow.encoders.stack`). A plain `nn.Module` is not stackable; its runs train one after the other.
        reads_positions: Whether the embedding depends, on purpose, on how the nodes are numbered.
        reads_pairs: Whether an architecture must be a pair of cells, as in DARTS.
        view: The form in which the published encoder sees architectures (`archflow.graph.effective.VIEWS`).
        bounds: See `Configured`. These names mean the same in all encoders; an encoder adds its own with
            `{**Encoder.bounds, ...}`.
        pair_layers, pair_heads: The number of layers that hold values for every pair of nodes of an architecture, and
            the number of such values per pair; set by the constructor. Without such layers, memory is linear in nodes.
    """

    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {
        "n_ops": (1, 2**20),
        "n_attributes": (0, 2**16),
        **dict.fromkeys(("width", "dim", "hidden", "op_width", "node_width"), (1, WIDEST)),
        **dict.fromkeys(("heads", "groups"), (1, 1024)),
        **dict.fromkeys(("depth", "timesteps", "rounds"), (1, 1000)),
        **dict.fromkeys(("dropout", "attention_dropout"), (0, 0.999)),
        "max_nodes": (1, 2**16),
        "longest": (0, 64),
        "residual": (0, 1),
    }

    stackable: ClassVar[bool] = False
    reads_positions: ClassVar[bool] = False
    reads_pairs: ClassVar[bool] = False
    view: ClassVar[str] = "whole"
    n_ops: int
    dim: int
    width: int
    n_attributes: int = 0
    pair_layers: int = 0
    pair_heads: int = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readout: Readout = Mean()
        for name in ("n_ops", "width", "n_attributes"):
            if name in self.config:
                setattr(self, name, self.config[name])
        if "width" in self.config:
            self.dim = self.width
            self._check_memory(self.width, self.config.get("depth", 1))

    def _check_memory(self, width: int, depth: int) -> None:
        """Refuse sizes too large to train before any layer is made; each layer has at least a square matrix."""
        check_memory(f"{type(self).__name__}: width {width}, depth {depth}", TRAINED_BYTES * depth * width**2)

    @abstractmethod
    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""

    def describe(self, vocabulary: Vocabulary) -> None:
        """Set the operations from their names; `create` calls it once, on a new encoder.

        Most encoders know operations by their ids alone and need not override it.
        """

    def states(self, batch: Batch) -> Tensor:
        """(V, d) node states that a read-out pools; for most encoders, the node embeddings."""
        return self(batch)

    def pair_bytes(self, training: bool) -> int:
        """Approximate bytes per pair of nodes of an architecture.

        In evaluation, these are the mask, scores and weights of one layer at a time; in training, everything that all
        layers keep for the gradient.
        """
        kept = 3 + 4 * self.pair_layers * training
        return 4 * (1 + self.pair_heads * kept) if self.pair_layers else 0

    def memory(self, sizes: Ints, training: bool) -> int:
        """Approximate bytes for pairs of nodes in a batch of architectures with `sizes` (B,) nodes.

        Each architecture is padded to the largest. Encoders that pad differently override it.
        """
        return self.pair_bytes(training) * len(sizes) * int(sizes.max(initial=0)) ** 2

    @final
    def embed(self, batch: Batch) -> Tensor:
        """Compute (B, d) architecture embeddings with the read-out."""
        return self.readout(self, batch)


def encoders_of(architectures: ArchitectureSet) -> list[str]:
    """Names of the registered encoders that can read these architectures."""
    pairs = bool((architectures.cell_counts == 2).all())
    return [name for name in ENCODERS.names() if pairs or not ENCODERS.get(name).reads_pairs]
