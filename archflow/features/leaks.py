"""Columns that leak the labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features.category import numbers
from archflow.graph.table import Table

Values = NDArray[np.float64]

SURE = 5
"""The number of different labels from which an exact linear relation to a column is no coincidence."""

ORDERED = 20
"""The number of different labels from which having exactly their order is no coincidence. A merely good column often
has the order of fewer: with a Kendall tau of 0.8, that of five labels in one of three cases; with 0.9, that of ten in
one of nine."""

ROUNDING = 1e-6
"""How far values may lie from a line, relative to the range of the labels."""


def usable(
    names: Sequence[str],
    table: Table,
    labels: Values,
    asked: bool,
    on_note: Callable[[str], None] = lambda line: None,
    by_order: bool = True,
) -> list[str]:
    """Leave out columns that give the labels away.

    Args:
        names: Columns that may be features. Those that the table lacks or that hold text are kept.
        table: The n labelled architectures.
        labels: (n,) their labels.
        asked: Whether the user named the columns; one that gives the labels away is then refused.
        on_note: Called with a line for each column that is left out.
        by_order: Whether having exactly the order of the labels gives them away.

    Raises:
        ArchflowError: If a named column gives the labels away; the message names it.
    """
    kept = []
    for name in names:
        what = _given_away(table, name, labels, by_order)
        if what and asked:
            raise ArchflowError(f"features: column {name!r} {what}; leave it out, or rank by it")
        if what:
            on_note(f"column {name!r} {what}: not used")
        else:
            kept.append(name)
    return kept


def check_sources(names: Sequence[str], table: Table, labels: Values) -> None:
    """Refuse a source that equals the labels; one that only has their order is a valid cheap metric.

    Raises:
        ArchflowError: If a source equals the labels; the message names it.
    """
    for name in names:
        if name in table.column_names and is_copy(table.metric(name), labels):
            raise ArchflowError(f"sources: column {name!r} equals the labels; leave it out")


def is_copy(values: Values, labels: Values) -> bool:
    """Whether values (n,), NaN for gaps, equal the labels, if there are enough different ones."""
    values, labels = _both(values, labels)
    return _different(labels) >= SURE and _close(values, labels, np.ptp(labels))


def is_line(values: Values, labels: Values) -> bool:
    """Whether values (n,), NaN for gaps, are the labels in another unit, rising or falling."""
    values, labels = _both(values, labels)
    if _different(labels) < SURE or _different(values) < SURE:
        return False
    values, labels = _from_0_to_1(values), _from_0_to_1(labels)
    return _close(values, labels, 1.0) or _close(1 - values, labels, 1.0)


def has_order(values: Values, labels: Values) -> bool:
    """Whether values (n,), NaN for gaps, have exactly the order of the labels, or its reverse, if enough differ."""
    values, labels = _both(values, labels)
    up, wanted = (np.unique(each, return_inverse=True)[1] for each in (values, labels))
    if wanted.max(initial=0) + 1 < ORDERED:
        return False
    return bool((up == wanted).all() or (up.max() - up == wanted).all())


def _given_away(table: Table, name: str, labels: Values, by_order: bool) -> str:
    """How a column gives the labels away; an empty string if it does not."""
    try:
        values = numbers(table, name)
    except ArchflowError:
        return ""
    if is_line(values, labels):
        return "is the metric to predict, in the same or another unit"
    if by_order and has_order(values, labels):
        return f"has exactly the order of all {np.isfinite(values).sum()} labels"
    return ""


def _both(values: Values, labels: Values) -> tuple[Values, Values]:
    """Values and labels where both are present."""
    there = np.isfinite(values)
    return values[there], labels[there]


def _different(values: Values) -> int:
    return len(np.unique(values))


def _from_0_to_1(values: Values) -> Values:
    """Scale values, which are not constant, to [0, 1]; on halves, since the range of the largest numbers overflows."""
    least = values.min() / 2
    return (values / 2 - least) / (values.max() / 2 - least)


def _close(values: Values, labels: Values, extent: float) -> bool:
    with np.errstate(over="ignore"):
        return bool((np.abs(values - labels) <= ROUNDING * extent).all())
