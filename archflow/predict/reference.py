"""A subset of many architectures as the reference for components."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.graph.table import Table

SHARE = 0.5
"""Fraction of the subset that is taken from rows with a wanted value, if there are enough."""


def reference_rows(table: Table, most: int, wanted: Sequence[str] = ()) -> NDArray[np.int64]:
    """Choose at most `most` rows of a table, evenly spaced, ascending.

    Args:
        table: A table with N rows.
        most: The maximum number of rows.
        wanted: Columns that components learn from. Rows with a value in one are preferred if not all rows can be taken:
            a metric that is known for few would otherwise be almost absent.
    """
    every = np.arange(len(table))
    if len(every) <= most:
        return every
    columns = [table.metric(name) for name in wanted if name in table.metrics]
    has = np.isfinite(columns).any(0) if columns else np.zeros(len(table), bool)
    known = _evenly(np.flatnonzero(has), int(most * SHARE))
    others = np.setdiff1d(every, known, assume_unique=True)
    return np.sort(np.concatenate([known, _evenly(others, most - len(known))]))


def with_gaps_of(known: Table, reference: Table, columns: Sequence[str], seed: int) -> Table:
    """Remove values of labelled architectures so that these columns have gaps as often as in the reference.

    Labelled architectures often have been measured in other ways too. Predictions from such values would look better
    than predictions for candidates, which lack them. Each takes the gaps of a random reference row.
    """
    rows = np.random.default_rng(seed).integers(len(reference), size=len(known))
    gaps = {
        name: np.where(np.isfinite(reference.metric(name)[rows]), known.metric(name), np.nan)
        for name in columns
        if name in known.metrics and name in reference.metrics
    }
    return known.with_metrics(gaps)


def _evenly(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]
