"""Context: the device or task that a row of a table was measured for, as numbers that components read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.devices.known import find_device
from archflow.errors import ArchflowError
from archflow.features import Features, saved
from archflow.features.varying import as_float32
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.predict.contexts import CONTEXTS, ContextKind
from archflow.printable import shown

CONTEXT = "context"
"""The name of a context among a predictor's features."""

_SETTING = re.compile(
    r",\s*(\d+[ -]threads?|(big|little) cores|batch \d+|[CG]PU|eager|compiled)\s*(?=,|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class ContextChoice:
    """How a predictor uses a column of devices or tasks.

    Attributes:
        column: The column of texts.
        kinds: Names in `CONTEXTS`; the usual ones if None.
        unseen: Whether to predict for devices or tasks that no label has. All labels of one are then held out together,
            so that weights, deviations and intervals are those for one that was not learnt from.
    """

    column: str
    kinds: tuple[str, ...] | None = None
    unseen: bool = False

    @classmethod
    def parsed(cls, text: str, columns: Sequence[str], unseen: bool = False) -> Self:
        """Read `COLUMN` or `COLUMN:KIND,KIND`. Raises ArchflowError for an unknown column or kind."""
        column, colon, rest = (text, "", "") if text in columns else text.partition(":")
        kinds = tuple(kind.strip() for kind in rest.split(",") if kind.strip())
        if column not in columns:
            there = alternatives(column, columns, listed="it has")
            raise ArchflowError(f"--context {shown(column)}: the table has no such column; {there}")
        for kind in kinds:
            CONTEXTS.get(kind)
        if colon and not kinds:
            raise ArchflowError(f"--context {shown(text)}: names no kind; there are {', '.join(CONTEXTS.names())}")
        return cls(column, kinds or None, unseen)

    def texts(self, table: Table) -> list[str]:
        """The text of each row. Raises ArchflowError, naming the row, if one is empty."""
        if self.column not in table.column_names:
            raise ArchflowError(f"the table has no column {self.column!r}, which says what a row was measured on")
        texts = table.texts(self.column)
        given = [text for text in texts if text is not None]
        if len(given) < len(texts):
            raise ArchflowError(f"row {texts.index(None)}: column {self.column!r} is empty; name the device or task")
        return given

    def covers(self, table: Table, others: Table) -> bool:
        """Whether a table has every device or task of the others. Raises ArchflowError if one is empty."""
        return set(self.texts(others)) <= set(self.texts(table))

    def groups(self, table: Table) -> NDArray[np.int64]:
        """(N,) the number of each row's device or task, the same for all settings of one device."""
        return np.unique([without_settings(text) for text in self.texts(table)], return_inverse=True)[1]


@dataclass(frozen=True)
class Context(Features):
    """The numbers of a column of devices or tasks.

    A text becomes a sentence: that of a known device (`archflow.devices.find_device`) if it names one, otherwise the
    text itself. Each kind turns sentences into numbers.

    Attributes:
        column: The column of texts.
        sentences: The texts that were learnt from, each with its sentence, sorted.
        kinds: Kinds of numbers by name in `CONTEXTS`.
    """

    local: ClassVar[bool] = False

    column: str
    sentences: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, ContextKind], ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        """The context of the column `device`."""
        return cls.chosen(table, ContextChoice("device"))

    @classmethod
    def chosen(cls, table: Table, choice: ContextChoice) -> Self:
        """The context of a column. Raises ArchflowError if a row's text is empty, or a kind is unknown."""
        texts = sorted(set(choice.texts(table)))
        sentences = {text: sentence_of(text) for text in texts}
        given = tuple(dict.fromkeys(sentences.values()))
        usual = [name for name in CONTEXTS.names() if CONTEXTS.get(name).usual]
        if choice.unseen:
            usual = [name for name in usual if CONTEXTS.get(name).general]
        names = usual if choice.kinds is None else choice.kinds
        return cls(
            choice.column, tuple(sentences.items()), tuple((name, CONTEXTS.get(name).of(given)) for name in names)
        )

    @cached_property
    def learnt(self) -> Mapping[str, str]:
        """By text, the sentence of each device or task that was learnt from."""
        return dict(self.sentences)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.column}:{name}:{each}" for name, kind in self.kinds for each in kind.names)

    def __call__(self, table: Table) -> NDArray[np.float32]:
        texts = ContextChoice(self.column).texts(table)
        different, place = np.unique(texts, return_inverse=True)
        sentences = [self.sentence(text) for text in different.tolist()]
        parts = [kind(sentences) for _, kind in self.kinds]
        return as_float32(np.concatenate([np.zeros((len(different), 0)), *parts], 1))[place]

    def is_learnt(self, text: str) -> bool:
        """Whether labels of this device or task were learnt from, under this or another name."""
        return text in self.learnt or sentence_of(text) in self.learnt.values()

    def same(self, text: str, other: str) -> bool:
        """Whether two texts name the same device or task."""
        return text == other or self.sentence(text) == self.sentence(other)

    def sentence(self, text: str) -> str:
        """The sentence of a text."""
        return self.learnt.get(text) or sentence_of(text)

    def to_json(self) -> dict[str, Any]:
        kinds = [[name, kind.to_json()] for name, kind in self.kinds]
        return {"column": self.column, "sentences": [list(pair) for pair in self.sentences], "kinds": kinds}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        (column,) = saved.texts({"column": [saved.entry(about, "column")]}, "column")
        pairs = [saved.texts({"pair": pair}, "pair") for pair in saved.lists(about, "sentences", 2)]
        kinds = []
        for name, described in saved.lists(about, "kinds", 2):
            if not isinstance(name, str) or not isinstance(described, Mapping):
                raise saved.damaged("a kind of context has no name")
            kinds.append((name, CONTEXTS.get(name).from_json(described)))
        return cls(column, tuple((text, sentence) for text, sentence in pairs), tuple(kinds))


def sentence_of(text: str) -> str:
    """The words of the known device that a text names; otherwise the text itself."""
    try:
        return find_device(text).words
    except ArchflowError:
        return text


def without_settings(text: str) -> str:
    """The part of a sentence that describes the device itself, without threads, batch size and CPU or GPU."""
    return _SETTING.sub("", sentence_of(text)) or text
