"""Columns that give away what is to be predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features.category import numbers
from archflow.graph.table import Table

Values = NDArray[np.float64]

SURE = 5
"""Different labels that no column lies on a line with by accident."""

ORDERED = 20
"""Different labels that no column has exactly the order of by accident. A column that is merely good often has that of
fewer: with a Kendall tau of 0.8, that of five labels in one of three cases; with 0.9, that of ten in one of nine."""

ROUNDING = 1e-6
"""How far from a line values may lie, in ranges of the labels."""


def usable(
    names: Sequence[str],
    table: Table,
    labels: Values,
    asked: bool,
    on_note: Callable[[str], None] = lambda line: None,
    by_order: bool = True,
) -> list[str]:
    """Names of columns without those that give the labels away.

    Args:
        names: Of columns that may be features. Those that the table lacks, or that hold text, stay.
        table: The n labelled architectures.
        labels: (n,) of these.
        asked: Whether the user named the columns: one that gives the labels away is refused then.
        on_note: Called with a line for each that is left out.
        by_order: Whether a column that only has the order of the labels gives them away.

    Raises:
        ArchflowError: Naming the column.
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
    """Refuse a source that is the labels themselves. One that only has their order is a cheap metric.

    Raises:
        ArchflowError: Naming the column.
    """
    for name in names:
        if name in table.column_names and is_copy(table.metric(name), labels):
            raise ArchflowError(f"sources: column {name!r} is what is to be predicted, to the last label; leave it out")


def is_copy(values: Values, labels: Values) -> bool:
    """Whether values (n,), NaN for gaps, are the labels, of which there are enough different ones."""
    values, labels = _both(values, labels)
    return _different(labels) >= SURE and _close(values, labels, np.ptp(labels))


def is_line(values: Values, labels: Values) -> bool:
    """Whether the labels in another unit, up or down, are the values (n,), NaN for gaps."""
    values, labels = _both(values, labels)
    if _different(labels) < SURE or _different(values) < SURE:
        return False
    values, labels = _from_0_to_1(values), _from_0_to_1(labels)
    return _close(values, labels, 1.0) or _close(1 - values, labels, 1.0)


def has_order(values: Values, labels: Values) -> bool:
    """Whether values (n,), NaN for gaps, order enough different labels as these are, up or down, without exception."""
    values, labels = _both(values, labels)
    up, wanted = (np.unique(each, return_inverse=True)[1] for each in (values, labels))
    if wanted.max(initial=0) + 1 < ORDERED:
        return False
    return bool((up == wanted).all() or (up.max() - up == wanted).all())


def _given_away(table: Table, name: str, labels: Values, by_order: bool) -> str:
    """How a column gives the labels away; empty if it does not."""
    try:
        values = numbers(table, name)
    except ArchflowError:
        return ""
    if is_line(values, labels):
        return "is what is to be predicted, in its own or another unit"
    if by_order and has_order(values, labels):
        return f"has exactly the order of all {np.isfinite(values).sum()} labels"
    return ""


def _both(values: Values, labels: Values) -> tuple[Values, Values]:
    """Values and labels where there are both."""
    there = np.isfinite(values)
    return values[there], labels[there]


def _different(values: Values) -> int:
    return len(np.unique(values))


def _from_0_to_1(values: Values) -> Values:
    """Not constant; halves, since the range of the largest numbers overflows."""
    least = values.min() / 2
    return (values / 2 - least) / (values.max() / 2 - least)


def _close(values: Values, labels: Values, extent: float) -> bool:
    with np.errstate(over="ignore"):
        return bool((np.abs(values - labels) <= ROUNDING * extent).all())
