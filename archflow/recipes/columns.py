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
from archflow.predict.context import ContextChoice

Rows = NDArray[np.int64]

LEAST_UNSEEN = 3
"""The least number of devices or tasks from which others are predicted."""


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
        sources: Columns that are related to the metric.

    Raises:
        ArchflowError: If a column cannot be used (the message names it), or nothing distinguishes the architectures.
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
            f"all {len(table)} architectures are the same, and no column distinguishes them; add others, or "
            "name columns with --features"
        )


def check_context(known: Table, context: ContextChoice) -> None:
    """Refuse labelled rows without a device or task, and devices that cannot be held out.

    Args:
        known: The labelled rows.
        context: The column, and how it is used.

    Raises:
        ArchflowError: If a row names nothing (the message names it), or there are too few devices for `unseen`.
    """
    count = len(np.unique(context.groups(known)))
    if context.unseen and count < LEAST_UNSEEN:
        raise ArchflowError(
            f"--unseen: the labels are of {count} different {context.column}s; {LEAST_UNSEEN} are needed to learn what "
            "another one would be like"
        )
