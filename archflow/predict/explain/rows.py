"""Changed architectures as a table with the known columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table
from archflow.graph.table_columns import TableColumns

Values = NDArray[np.float64]

LARGEST = 128
"""Changed versions of an architecture with more nodes are not looked for in the table: hashing thousands takes long."""


@dataclass(frozen=True)
class Rows:
    """An architecture and its changed versions as one table.

    A changed architecture has the columns of the table's row with the same graph. If there is no such row, or it has
    more than `LARGEST` nodes, it has no columns, and is compared with the architecture without its columns. The columns
    of the context are the same for all.

    Attributes:
        table: Row 0 is the architecture, row 1 the same without its columns, then the C changed ones.
        base: (C,) the row that each changed one is compared with, 0 or 1.
        measured: (C,) measured differences, NaN where one is not measured.
    """

    table: Table
    base: NDArray[np.int64]
    measured: Values

    @classmethod
    def of(
        cls,
        row: Table,
        changed: ArchitectureSet,
        known: Table | None,
        metric: str,
        relative: bool,
        context: Sequence[str] = (),
    ) -> Rows:
        """Assemble them.

        Args:
            row: The architecture, a table of one row.
            changed: C changed architectures.
            known: The table in which to look for their columns.
            metric: The metric whose measured differences are wanted, if the table has it.
            relative: Whether these are in per cent of the architecture's.
            context: The columns of the context.
        """
        vocabulary = Vocabulary.of((*row.architectures.vocabulary.ops, *changed.vocabulary.ops))
        row = replace(row, architectures=row.architectures.recoded(vocabulary), native=None)
        changed = changed.recoded(vocabulary)
        where = np.full(len(changed), -1)
        if known is not None and row.column_names and len(row.architectures.op) <= LARGEST:
            known = known.select(_same(known, row, context))
            where = rows_of(known.architectures.hashes, changed.hashes)
        there, missing = np.flatnonzero(where >= 0), np.flatnonzero(where < 0)
        table = row
        if known is not None and len(there):
            found = replace(known.select(where[there]), architectures=changed.select(there), native=None)
            table = table.followed_by(found)
        bare = Table(ArchitectureSet.concatenate([row.architectures, changed.select(missing)]))
        table = table.followed_by(_with(bare, row, context))
        order = np.empty(2 + len(changed), np.int64)
        order[0], order[1] = 0, 1 + len(there)
        order[2 + there] = 1 + np.arange(len(there))
        order[2 + missing] = 2 + len(there) + np.arange(len(missing))
        table = table.select(order)
        measured = np.full(len(changed), np.nan)
        if metric in table.metrics:
            values = table.metric(metric)
            measured = 100 * (values[2:] / values[0] - 1) if relative and values[0] > 0 else values[2:] - values[0]
        return cls(table, (where < 0).astype(np.int64), measured)


def _same(known: Table, row: Table, context: Sequence[str]) -> NDArray[np.int64]:
    """The rows of a table that agree with a row in the columns of the context."""
    same = np.ones(len(known), bool)
    for name in context:
        wanted = row.texts(name)[0]
        same &= np.array([text == wanted for text in known.texts(name)], bool)
    return np.flatnonzero(same)


def _with(bare: Table, row: Table, context: Sequence[str]) -> Table:
    """A table without columns, with the context columns of the given row."""
    if not context:
        return bare
    import pyarrow as pa

    columns = pa.table({name: pa.array(row.texts(name) * len(bare), pa.string()) for name in context})
    return replace(bare, metrics=TableColumns({}, columns))
