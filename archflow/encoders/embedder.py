"""An encoder with everything needed to use it, as one object and one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.checkpoint import load_tensors, save_tensors
from archflow.described import Described, parse
from archflow.device import usable
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.embedding import embed
from archflow.encoders.preparation import Preparation
from archflow.encoders.rebuilt import check_weights, rebuilt
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.frames import is_frame
from archflow.graph.table import Table

FORMAT = "archflow encoder 2"

DAMAGED, MEND = "the description of the encoder is damaged", "make the file again"

Architectures = ArchitectureSet | Table | Architecture | Iterable[Architecture]
"""Any of the forms in which architectures can be given."""


class EncoderDescription(Described):
    """The description that `Embedder.describe` returns.

    Attributes:
        format: `FORMAT`.
        encoder: Its registered name.
        config: Its constructor's arguments; the constructor checks their bounds.
        preparation: As returned by `Preparation.to_json`.
        history: How it was trained.
    """

    format: str
    encoder: str
    config: dict[str, Any]
    preparation: dict[str, Any]
    history: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Embedder:
    """An encoder with the preparation of its architectures and its training history.

    Embedding, fitting and pre-training all take one; `archflow.create` makes it.

    Attributes:
        encoder: The model. Training changes its weights in place.
        preparation: Vocabulary, view, positions and attribute scales.
        history: How it was trained, in JSON form.
    """

    encoder: Encoder
    preparation: Preparation
    history: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_fit(self.encoder.config, self.preparation)
        check_weights(self.encoder)

    def __repr__(self) -> str:
        task = self.history.get("task")
        return (
            f"Embedder({type(self.encoder).__name__}; {len(self.vocabulary)} operations; "
            f"{f'pre-trained: {task}' if task else 'not pre-trained'})"
        )

    @property
    def vocabulary(self) -> Vocabulary:
        """The operations that the encoder can read."""
        return self.preparation.vocabulary

    @property
    def view(self) -> str:
        """The form in which it sees architectures."""
        return self.preparation.view

    @property
    def name(self) -> str:
        """The registered name of the encoder. Raises ArchflowError if it has none."""
        return name_of(self.encoder)

    def prepare(self, architectures: Architectures) -> ArchitectureSet:
        """Prepare architectures as the encoder reads them.

        Raises:
            ArchflowError: If the vocabulary lacks an operation; the message names the row.
        """
        return self.preparation(as_set(architectures))

    def embed(
        self,
        architectures: Architectures,
        device: torch.device | str = "cpu",
        on_batch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Compute (N, d) embeddings.

        Args:
            architectures: N architectures, as a set, a table or a list; a single one counts as a set of one.
            device: Where to compute.
            on_batch: Called with the number of architectures after every batch.

        Raises:
            ArchflowError: If the vocabulary lacks an operation (the message names the row), or there is no such device.
        """
        found = embed(self.encoder, self.prepare(architectures), usable(device), on_batch)
        if not np.isfinite(found).all():
            check_weights(self.encoder)
            row = int(np.argmin(np.isfinite(found).all(1)))
            raise ArchflowError(
                f"row {row}: its embedding is not finite; are its node attributes in the same units as the others?"
            )
        return found

    def with_history(self, **history: Any) -> Embedder:
        """The same encoder with additions to its training history."""
        return replace(self, history={**self.history, **history})

    def describe(self) -> dict[str, Any]:
        """Describe, in JSON form, how to rebuild it with fresh weights.

        Raises:
            ArchflowError: If the encoder's class has no registered name.
        """
        return {
            "format": FORMAT,
            "encoder": self.name,
            "config": self.encoder.config,
            "preparation": self.preparation.to_json(),
            "history": dict(self.history),
        }

    @classmethod
    def build(cls, about: Any, tensors: Mapping[str, Tensor]) -> Embedder:
        """Rebuild an embedder from its description, with these weights.

        Raises:
            ArchflowError: If the description is damaged, or the weights do not match it.
        """
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise ArchflowError("not the description of an encoder of this version; make the file again")
        described = parse(EncoderDescription, about, DAMAGED, MEND, finite=False)  # losses in a history may be NaN
        kind = ENCODERS.saved(described.encoder)
        preparation = Preparation.from_json(described.preparation)
        _check_fit(described.config, preparation)
        return cls(rebuilt(lambda: kind(**described.config), tensors), preparation, described.history)

    def save(self, path: str | Path) -> None:
        """Write one file, whole or not at all. Raises ArchflowError if it cannot be written."""
        save_tensors(path, self.encoder.state_dict(), self.describe())

    @classmethod
    def load(cls, path: str | Path) -> Embedder:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if it is missing, cut off or altered."""
        tensors, about = load_tensors(path)
        try:
            return cls.build(about, tensors)
        except ArchflowError as error:
            raise ArchflowError(f"{path}: {error}") from None


def _check_fit(config: Mapping[str, Any], preparation: Preparation) -> None:
    """Raise ArchflowError unless an encoder with these arguments matches the preparation."""
    ops, attributes = config.get("n_ops"), config.get("n_attributes", 0)
    known, scaled = len(preparation.vocabulary), len(preparation.scales)
    if ops != known:
        raise ArchflowError(f"the encoder has {ops} operations, its vocabulary {known}")
    if attributes != scaled:
        raise ArchflowError(f"the encoder reads {attributes} attributes, but there are scales for {scaled}")


_WANTED = "give a set, a table, a data frame or Architecture objects"


def as_table(architectures: Architectures) -> Table:
    """Convert architectures to a table, with the columns that come with them. Raises ArchflowError as `as_set` does."""
    if isinstance(architectures, Table):
        return architectures
    return Table.from_frame(architectures) if is_frame(architectures) else Table(as_set(architectures))


def as_set(architectures: Architectures) -> ArchitectureSet:
    """Convert architectures to a set: one, a list, a set, a table or a data frame.

    Raises:
        ArchflowError: If the argument contains no architectures.
    """
    if isinstance(architectures, ArchitectureSet):
        return architectures
    if isinstance(architectures, Table):
        return architectures.architectures
    if isinstance(architectures, str | Path):
        raise ArchflowError(
            f"architectures: {str(architectures)!r} is text; read a file with archflow.load, or parse a native string "
            "with its search space"
        )
    if is_frame(architectures):
        return Table.from_frame(architectures).architectures
    found = [architectures] if isinstance(architectures, Architecture) else architectures
    if not isinstance(found, Iterable):
        raise ArchflowError(f"architectures: {found!r} is no set of architectures; {_WANTED}")
    found = list(found)
    if not found:
        raise ArchflowError("architectures: the list is empty; give at least one")
    wrong = next((each for each in found if not isinstance(each, Architecture)), None)
    if isinstance(wrong, str):
        raise ArchflowError(f"architectures: {wrong!r} is text; parse native strings with their search space first")
    if wrong is not None:
        raise ArchflowError(f"architectures: {wrong!r} is not an architecture; {_WANTED}")
    return ArchitectureSet.from_architectures(found)


def name_of(encoder: Encoder) -> str:
    """The registered name of an encoder's class. Raises ArchflowError if it has none."""
    name = ENCODERS.name_of(type(encoder))
    if name is not None:
        return name
    raise ArchflowError(f"{type(encoder).__name__} has no name; register it with @ENCODERS.register to save it")
