"""Which device or task of a predictor's context a user means, and whether the predictor can know it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.devices.known import find_device
from archflow.devices.sentence import sentence
from archflow.devices.words import numbers_in
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.context import Context, without_settings
from archflow.predict.contexts.numbers import NumbersInText
from archflow.predict.contexts.words import words_of
from archflow.predict.stacked import StackedPredictor
from archflow.printable import shown

NO_CONTEXT = "fit one with --context COLUMN (a GPU to compute on is --torch-device of `predict`)"
"""The end of the error of a predictor that knows no devices."""

NEAR = 3
"""How many similar names an error or a note lists."""


@dataclass(frozen=True)
class Meant:
    """What a user's text means to a predictor.

    Attributes:
        text: The text to write into the context column.
        learnt: Whether labels of it were learnt from.
        notes: Lines for the user.
    """

    text: str
    learnt: bool
    notes: tuple[str, ...] = ()


def meant(predictor: StackedPredictor, text: str, folder: Path | None = None) -> Meant:
    """Find what a text means: a device or task that was learnt from, a known device, a TOML file, or a sentence.

    Args:
        predictor: Fitted with a context.
        text: The user's text.
        folder: The user's data folder, whose tables describe further devices.

    Raises:
        ArchflowError: If the predictor has no context, the text names nothing (the line has the nearest names), or
            nothing that it says was learnt from.
    """
    context = context_of(predictor)
    learnt = {each.lower(): each for pair in context.sentences for each in pair}
    exact = learnt.get(text.strip().lower())
    if exact is not None:
        return Meant(exact, True)
    try:
        said = sentence(find_device(text, folder))
    except ArchflowError as error:
        near = _nearest(text, context)
        raise ArchflowError(f"{error}; this predictor learnt {'; '.join(near)}") from None
    if context.is_learnt(said):
        return Meant(said, True)
    return Meant(said, False, tuple(_notes(predictor, context, said)))


def known_to(context: Context, text: str) -> bool:
    """Whether a text that was not learnt from says any number, or a word that learnt ones share."""
    values = dict(zip(context.names, context(_alone(context, text))[0].tolist(), strict=True))
    numbers = [v for name, v in values.items() if ":numbers:" in name and np.isfinite(v)]
    return bool(numbers) or any(v for name, v in values.items() if ":numbers:" not in name)


def with_context(predictor: StackedPredictor, table: Table, text: str) -> Table:
    """The table with one text in every row of the predictor's context column.

    What was measured on another device or task is removed from the predictor's metric.
    """
    context = context_of(predictor)
    metric = predictor.fitted.metric
    if context.column in table.column_names and metric in table.metrics:
        other = np.array([each is None or not context.same(each, text) for each in table.texts(context.column)])
        table = table.with_metrics({metric: np.where(other, np.nan, table.metric(metric))})
    return table.with_texts({context.column: [text] * len(table)})


def context_of(predictor: StackedPredictor) -> Context:
    """The predictor's context. Raises ArchflowError if it has none."""
    context = predictor.fitted.context
    if context is None:
        raise ArchflowError(f"--device: the predictor was fitted without a context; {NO_CONTEXT}")
    return context


def _notes(predictor: StackedPredictor, context: Context, text: str) -> list[str]:
    """What to tell of a device that was not learnt from. Raises ArchflowError if nothing of it can be known."""
    called = shown(text)
    if not known_to(context, text):
        raise ArchflowError(
            f"{called}: no label of it was learnt from, and it says nothing that tells how fast it is; give its cores, "
            "clock, threads or processor, or measure a few models on it"
        )
    notes = [f"{called} was not learnt from: predicted from what its words say"]
    if not (predictor.context and predictor.context.unseen):
        notes.append("intervals are those of devices that were learnt from; fit with --unseen for others")
    beyond = _beyond(context, text)
    if beyond:
        notes.append(f"{called} is unlike the learnt devices in {', '.join(beyond)}")
    near = [each for each in _nearest(text, context) if words_of(text) & words_of(each)]
    return [*notes, f"if it is one of these, name it so: {'; '.join(near)}"] if near else notes


def _beyond(context: Context, text: str) -> list[str]:
    """The numbers of a text that lie beyond those of all learnt ones."""
    kind, said = NumbersInText(), numbers_in(text)
    learnt = kind([each for _, each in context.sentences])
    (own,) = kind([text])
    found = []
    for name, value, column in zip(kind.names, own.tolist(), learnt.T, strict=True):
        there = column[np.isfinite(column)]
        if np.isfinite(value) and (not len(there) or not there.min() <= value <= there.max()):
            called = name.removeprefix("log:")
            found.append(f"{called} ({shown(said.get(called, said.get('precision')))})")
    return found


def _nearest(text: str, context: Context) -> list[str]:
    """The learnt texts that are most similar: by common words and numbers, then by spelling."""
    words, learnt = _tokens(text), list(context.learnt)
    common: NDArray = np.array([len(words & _tokens(f"{each} {context.learnt[each]}")) for each in learnt])
    alike = np.array([difflib.SequenceMatcher(None, text.lower(), each.lower()).ratio() for each in learnt])
    return [learnt[place] for place in np.lexsort((-alike, -common))[:NEAR].tolist()]


def _tokens(text: str) -> set[str]:
    return {token.strip(".,;()") for token in text.lower().replace("-", " ").split()} - {""}


def _alone(context: Context, text: str) -> Table:
    """A table of one architecture with nothing but its context."""
    from archflow.graph import Architecture, ArchitectureSet

    one = ArchitectureSet.from_architectures([Architecture(("input", "output"), ((0, 1),))])
    return Table(one).with_texts({context.column: [text]})


def devices_of(texts: Sequence[str]) -> int:
    """How many different devices texts name, their settings apart."""
    return len({without_settings(text) for text in texts})
