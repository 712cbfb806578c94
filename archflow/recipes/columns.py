"""Which columns of a table a predictor may learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.data.proxies import tells_apart
from archflow.errors import ArchflowError
from archflow.features.columns import Columns
from archflow.features.known import known_as_text, known_columns
from archflow.features.leaks import check_sources, usable
from archflow.graph.table import Table

Rows = NDArray[np.int64]


def usable_columns(
    table: Table,
    rows: Rows,
    metric: str,
    columns: Sequence[str] | None,
    on_note: Callable[[str], None] = lambda line: None,
) -> Sequence[str] | None:
    """The columns known before training that may be used; None if every column found by name may be.

    Args:
        table: The table that holds the columns.
        rows: Rows with labels.
        metric: The metric to predict.
        columns: Columns that the user named; None to find them by name.
        on_note: Called with a line for each column that was found by name but cannot be used.

    Raises:
        ArchflowError: If a column that the user named gives the labels away.
    """
    named = known_columns(table, [metric]) if columns is None else columns
    kept = usable(named, table.select(rows), table.metric(metric)[rows], columns is not None, on_note)
    text = known_as_text(table, [metric]) if columns is None else []
    if text:
        on_note(f"column {', '.join(text)} holds text: not used; fix it, or name it with --features")
    return columns if len(kept) == len(named) else kept


def check_columns(
    table: Table,
    rows: Rows,
    metric: str,
    columns: Sequence[str] | None,
    sources: Sequence[str],
    on_note: Callable[[str], None] = lambda line: None,
) -> None:
    """Refuse columns that cannot be used as asked, and a table whose architectures are all alike.

    Args:
        table, rows, metric, on_note: As for `usable_columns`.
        columns: The result of `usable_columns`.
        sources: Columns that say something about the metric.

    Raises:
        ArchflowError: If a column cannot be used (the message names it), or nothing tells the architectures apart.
    """
    given = Columns.named(table, known_columns(table, [metric]) if columns is None else columns, [metric])
    for line in given.warnings:
        on_note(line)
    for place, name in enumerate(sources):
        if name in sources[:place]:
            raise ArchflowError(f"--sources: {name!r} is named twice; name it once")
        if name == metric:
            raise ArchflowError(f"--sources: {name!r} is the metric to predict; leave it out")
        if not tells_apart(table.metric(name)):
            raise ArchflowError(f"--sources: column {name!r} has no two different values; leave it out")
    check_sources(sources, table.select(rows), table.metric(metric)[rows])
    if len(np.unique(table.architectures.hashes)) < 2 and not given.names and not sources:
        raise ArchflowError(
            f"all {len(table)} architectures are the same, and no column tells them apart; add other architectures, or "
            "name columns with --features"
        )
