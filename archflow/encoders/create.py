"""Encoders by name, untrained and pre-trained."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from archflow.bounds import whole
from archflow.encoders import pretrained
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.embedder import Architectures, Embedder, as_set
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.vocabulary import UNKNOWN
from archflow.near import alternatives
from archflow.progress import LOGGER
from archflow.seeding import seeded


def create(
    name: str | Path,
    data: Architectures | Vocabulary | None = None,
    *,
    view: str | None = None,
    positions: bool = False,
    unknown: bool = False,
    seed: int = 21,
    **config: Any,
) -> Embedder:
    """Create an encoder that is ready to embed, to fit and to pre-train.

    Args:
        name: A registered encoder such as `gated_gcn`, to start untrained; or a pre-trained one, by its name in
            `list_encoders` or its file.
        data: Typical architectures: their operations become the encoder's vocabulary, their node attributes its inputs.
            Or the vocabulary itself. A pre-trained encoder has its own.
        view: The form in which it sees architectures (`archflow.graph.effective.VIEWS`); by default, the published one.
        positions: Whether it also reads how far each node is from the inputs and the outputs.
        unknown: Whether operations that the data lack are later read as `[unknown]` instead of being refused.
        seed: Random seed of untrained weights.
        config: Arguments of the encoder other than `n_ops` and `n_attributes`.

    Raises:
        ArchflowError: If the name is unknown (the message lists similar ones), an untrained encoder has no data, or a
            pre-trained encoder, which has its own settings, is given some.
    """
    if pretrained.is_pretrained(name):
        if data is not None or view or positions or unknown or config:
            raise ArchflowError(
                f"create: {name} is pre-trained and has its own vocabulary and settings; give its name alone"
            )
        return pretrained.load(name)
    kind = ENCODERS.get(str(name))
    if data is None:
        raise ArchflowError(f"create: an untrained {name} needs architectures or a vocabulary to know its operations")
    _check(str(name), kind, config)
    preparation = _preparation(data, view or kind.view, positions, unknown)
    if len(preparation.scales) and "n_attributes" not in inspect.signature(kind).parameters:
        found = ", ".join(each.name for each in preparation.scales.scales)
        raise ArchflowError(
            f"create: {name} reads no node attributes, but the architectures have {found}; "
            "let its constructor take n_attributes and give it to a NodeInput (docs/encoders.md, Node attributes)"
        )
    with seeded(whole("create: seed", seed, 0)):
        encoder = kind(n_ops=len(preparation.vocabulary), **_attributes(preparation), **config)
    encoder.describe(preparation.vocabulary)
    count = sum(each.numel() for each in encoder.parameters())
    LOGGER.debug("%s: %s parameters, %s operations, %s", name, f"{count:,}", len(preparation.vocabulary), config)
    return Embedder(encoder.eval(), preparation)


def list_encoders(pattern: str = "*") -> list[str]:
    """List the names that `create` takes and that match a pattern such as `*nasbench*`, sorted.

    They are names of untrained encoders and of pre-trained ones.
    """
    return sorted(name for name in [*ENCODERS.names(), *pretrained.names()] if fnmatchcase(name, pattern))


def _check(name: str, kind: type[Encoder], config: Mapping[str, Any]) -> None:
    """Raise ArchflowError unless the settings are arguments of the encoder that do not follow from the data."""
    takes = set(inspect.signature(kind).parameters) - {"n_ops", "n_attributes"}
    for setting in config:
        if setting not in takes:
            there = alternatives(setting, sorted(takes), listed="it takes")
            raise ArchflowError(f"create: {name} takes no {setting!r}; {there}")


def _preparation(data: Architectures | Vocabulary, view: str, positions: bool, unknown: bool) -> Preparation:
    vocabulary = data if isinstance(data, Vocabulary) else as_set(data).vocabulary
    if unknown and UNKNOWN not in vocabulary:
        vocabulary = Vocabulary((*vocabulary.ops, UNKNOWN))
    if isinstance(data, Vocabulary):
        nothing = ArchitectureSet(vocabulary, [], [0], [], [], [0])
        return Preparation.of(nothing, vocabulary, view, positions)
    return Preparation.of(as_set(data), vocabulary, view, positions)


def _attributes(preparation: Preparation) -> dict[str, int]:
    """The argument `n_attributes`; empty if there are no attributes."""
    count = len(preparation.scales)
    return {"n_attributes": count} if count else {}
