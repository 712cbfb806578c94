"""Which of many architectures components look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.graph.table import Table

SHARE = 0.5
"""Of those looked at, how many are taken from those with a value that is wanted, if there are so many."""


def reference_rows(table: Table, most: int, wanted: Sequence[str] = ()) -> NDArray[np.int64]:
    """At most so many rows of a table, evenly from all, ascending.

    Args:
        table: With N rows.
        most: How many.
        wanted: Columns that components learn from. Rows where one has a value are preferred, if not all can be taken:
            a metric that is known for few would hardly be seen otherwise.
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
    """Labelled architectures with values in these columns only as often as architectures of the reference have them.

    Labelled architectures often have been measured in other ways too. What is predicted of them from these values would
    look better than what is predicted of candidates, which lack them. Each takes the gaps of a row at random.
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
