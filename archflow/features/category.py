"""Columns of a table as numbers or as categories."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.printable import shown

MOST = 32
"""The maximum number of different texts in a column of categories; each becomes a column."""


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """Read a column as numbers (N,), NaN where it is empty or infinite. Texts are converted if all are numbers.

    Raises:
        ArchflowError: If a row holds anything else, or the column does not exist; the message names it.
    """
    try:
        values = table.metric(name)
    except ArchflowError:
        if name not in table.column_names:
            raise
        texts = table.texts(name)
        found = [math.nan if text is None else _number(text) for text in texts]
        if None in found:
            raise
        values = np.array(found, np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def categories(table: Table, name: str) -> tuple[str, ...]:
    """The different texts of a column, sorted. Raises ArchflowError for more than `MOST`."""
    texts = {text for text in table.texts(name) if text is not None}
    if len(texts) > MOST:
        raise ArchflowError(
            f"column {name!r} has {len(texts):,} different texts, such as {shown(min(texts))}; "
            f"as a feature it may have {MOST}"
        )
    return tuple(sorted(texts))


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None  # Python reads 1_000 as 1000
    except ValueError:
        return None
