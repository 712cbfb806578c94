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
    """The columns that are known before training; None if their names may decide.

    Args:
        table: Where they are.
        rows: Those that are labelled.
        metric: What is to be predicted.
        columns: Those that the user names.
        on_note: Called with a line for each that would be found by its name and cannot be used.

    Raises:
        ArchflowError: For one that the user names and that gives the labels away.
    """
    named = known_columns(table, [metric]) if columns is None else columns
    kept = usable(named, table.select(rows), table.metric(metric)[rows], columns is not None, on_note)
    text = known_as_text(table, [metric]) if columns is None else []
    if text:
        on_note(f"column {', '.join(text)} holds text: not used; mend it, or name it with --features")
    return columns if len(kept) == len(named) else kept


def check_columns(
    table: Table,
    rows: Rows,
    metric: str,
    columns: Sequence[str] | None,
    sources: Sequence[str],
    on_note: Callable[[str], None] = lambda line: None,
) -> None:
    """Refuse columns that cannot be what they are named for, and a table in which nothing differs.

    Args:
        table, rows, metric, on_note: As of `usable_columns`.
        columns: What that gives.
        sources: Columns that say something of the metric.

    Raises:
        ArchflowError: Naming the column.
    """
    given = Columns.named(table, known_columns(table, [metric]) if columns is None else columns, [metric])
    for line in given.warnings:
        on_note(line)
    for place, name in enumerate(sources):
        if name in sources[:place]:
            raise ArchflowError(f"--sources: {name!r} is named twice; name it once")
        if name == metric:
            raise ArchflowError(f"--sources: {name!r} is what is to be predicted; leave it out")
        if not tells_apart(table.metric(name)):
            raise ArchflowError(f"--sources: column {name!r} has no two different values; leave it out")
    check_sources(sources, table.select(rows), table.metric(metric)[rows])
    if len(np.unique(table.architectures.hashes)) < 2 and not given.names and not sources:
        raise ArchflowError(
            f"all {len(table)} architectures are the same, and no column tells them apart; add other architectures, or "
            "name columns with --features"
        )
