"""Tables as data sets: architectures and what was measured on them, in Parquet, CSV or JSON lines.

Columns `ops` (operation names), `edge_src`, `edge_dst` (node indices), optionally `native` (the benchmark's own
string), lists `node_NAME` (node attributes); every other numeric column is a metric, empty where it was not measured.
"""

# pyarrow makes its compute functions at import; a type checker sees none of them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.arrow import from_columns, to_columns
from archflow.graph.columns import GRAPH_COLUMNS, read_columns, write_columns
from archflow.graph.names import numbers_from_names
from archflow.graph.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = r"(?i)^\s*[-+]?(\d+\.?\d*|\.\d+|inf|nan)(e[-+]?\d+)?\s*$"


@dataclass(frozen=True)
class Table:
    """N architectures with their metrics.

    metrics: column name -> (N,) float64, NaN where not measured. native: the benchmark's own string of every row.
    texts: column name -> where the first text stands in a column that is no metric because of it.
    """

    architectures: ArchitectureSet
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    native: list[str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.architectures)

    def metric(self, name: str) -> NDArray[np.float64]:
        """(N,) one metric; "-NAME" is the column NAME with its signs changed, for what is better when lower.

        Raises ArchflowError, listing what there is, if the table lacks it or it holds text.
        """
        if name.startswith("-") and name not in self.metrics:
            return -self.metric(name[1:])
        if name in self.texts:
            raise ArchflowError(f"column {name!r} is not numeric: {self.texts[name]}; leave it empty if not measured")
        if name not in self.metrics:
            raise ArchflowError(
                f"the table has no column {name!r}; numeric columns: {', '.join(self.metrics) or 'none'}"
            )
        return self.metrics[name]

    def select(self, rows: ArrayLike) -> Table:
        """The chosen rows: an index array or a boolean mask, as `ArchitectureSet.select` takes them."""
        rows = np.asarray(rows)
        rows = np.arange(len(self))[rows if rows.size else rows.astype(np.int64)]
        native = None if self.native is None else [self.native[row] for row in rows]
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        return Table(self.architectures.select(rows), metrics, native, self.texts)

    def write(self, path: str | Path) -> None:
        """Write the table, whole or not at all, in the format of the file's ending.

        Raises:
            ArchflowError: for a metric whose name is kept for something else: `ops`, `native`, `node_NAME` of an
                attribute ...
        """
        taken = {*GRAPH_COLUMNS, "native", *(f"node_{name}" for name in self.architectures.attribute_names)}
        for name in self.metrics:
            if name in taken:
                raise ArchflowError(f"the metric {name!r} has the name of another column of tables; call it otherwise")
        write_columns(path, self._columns())

    def _columns(self) -> pa.Table:
        import pyarrow as pa

        columns = to_columns(self.architectures)
        if self.native is not None:
            columns["native"] = pa.array(self.native, pa.string())
        for name, values in self.metrics.items():
            columns[name] = pa.array(values, mask=np.isnan(values))
        return pa.table(columns)


def read_table(path: str | Path, vocabulary: Vocabulary | None = None, *, numbers_in_names: bool = False) -> Table:
    """Read a data set.

    Args:
        path: A `.parquet`, `.csv` or `.jsonl` file.
        vocabulary: That of the operations in the file unless given.
        numbers_in_names: Whether `conv_k3` is the operation `conv` with the attribute kernel 3
            (`archflow.graph.names`), or an operation of its own.

    Raises:
        ArchflowError: naming the file and the row, for an unknown file ending, an unreadable file, a missing or ragged
            column, an empty table, and whatever `ArchitectureSet` refuses.
    """
    path = Path(path)
    columns = read_columns(path)
    try:
        return _table_of(columns, vocabulary, numbers_in_names)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


def _table_of(columns: pa.Table, vocabulary: Vocabulary | None, numbers_in_names: bool) -> Table:
    if columns.num_rows == 0 and set(GRAPH_COLUMNS) <= set(columns.column_names):
        raise ArchflowError("the table is empty; give at least one architecture")
    architectures = numbers_from_names(from_columns(columns)) if numbers_in_names else from_columns(columns)
    native = columns["native"].to_pylist() if "native" in columns.column_names else None
    known = architectures.recoded(vocabulary or Vocabulary.of(architectures.vocabulary.ops))
    return Table(known, _metrics(columns), native, _texts(columns))


def _metrics(columns: pa.Table) -> dict[str, NDArray[np.float64]]:
    import pyarrow as pa

    numeric = {}
    for name in columns.column_names:
        kind = columns.schema.field(name).type
        if name not in (*GRAPH_COLUMNS, "native") and (
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_null(kind)
        ):
            numeric[name] = np.array(columns[name].cast(pa.float64()).to_numpy(), np.float64)
    return numeric


def _texts(columns: pa.Table) -> dict[str, str]:
    """Which entry makes a column one of texts: the first that is no number, or the first of all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = {}
    for name in set(columns.column_names).difference(GRAPH_COLUMNS, ["native"]):
        if pa.types.is_string(columns.schema.field(name).type):
            row = max(0, pc.index(pc.match_substring_regex(columns[name], _NUMBER), False).as_py())
            found[name] = f"row {row} holds {columns[name][row].as_py()!r}"
    return found
