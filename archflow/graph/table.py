"""Tables as data sets: architectures and what was measured on them, in Parquet, CSV or JSON lines.

Columns `ops` (operation names), `edge_src`, `edge_dst` (node indices), optionally `native` (the benchmark's own
string); every other numeric column is a metric, empty where it was not measured. In CSV the list columns are written
as `[input, conv3x3, output]`; Python's and JSON's quoted lists are read too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

_GRAPH_COLUMNS = ("ops", "edge_src", "edge_dst")


@dataclass(frozen=True)
class Table:
    """N architectures with their metrics.

    metrics: column name -> (N,) float64, NaN where not measured. native: the benchmark's own string of every row.
    """

    architectures: ArchitectureSet
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    native: list[str] | None = None

    def __len__(self) -> int:
        return len(self.architectures)

    def metric(self, name: str) -> NDArray[np.float64]:
        """(N,) one metric. Raises ArchflowError, listing what there is, if the table lacks it."""
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
        return Table(self.architectures.select(rows), metrics, native)

    def write(self, path: str | Path) -> None:
        """Write the table, whole or not at all, in the format of the file's ending."""
        write_columns(path, self._columns())

    def _columns(self) -> pa.Table:
        import pyarrow as pa

        archs = self.architectures
        names = pa.array(archs.vocabulary.ops, pa.string())
        ops = pa.DictionaryArray.from_arrays(pa.array(archs.op), names).dictionary_decode()
        columns: dict[str, pa.Array] = {
            "ops": pa.ListArray.from_arrays(pa.array(archs.node_ptr.astype(np.int32)), ops),
            "edge_src": pa.ListArray.from_arrays(pa.array(archs.edge_ptr.astype(np.int32)), pa.array(archs.edge_src)),
            "edge_dst": pa.ListArray.from_arrays(pa.array(archs.edge_ptr.astype(np.int32)), pa.array(archs.edge_dst)),
        }
        if self.native is not None:
            columns["native"] = pa.array(self.native, pa.string())
        for name, values in self.metrics.items():
            columns[name] = pa.array(values, mask=np.isnan(values))
        return pa.table(columns)


def read_table(path: str | Path, vocabulary: Vocabulary | None = None) -> Table:
    """Read a data set; the vocabulary is that of the operations in the file unless given.

    Raises ArchflowError, naming the file and the row, for: an unknown file ending, an unreadable file, a missing or
    ragged column, an empty table, and whatever `ArchitectureSet` refuses.
    """
    path = Path(path)
    columns = read_columns(path)
    try:
        return _table_of(columns, vocabulary)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


def _table_of(columns: pa.Table, vocabulary: Vocabulary | None) -> Table:
    import pyarrow as pa

    missing = [name for name in _GRAPH_COLUMNS if name not in columns.column_names]
    if missing:
        raise ArchflowError(
            f"no column {missing[0]!r}; a data set has ops, edge_src, edge_dst (here: {', '.join(columns.column_names)})"
        )
    if columns.num_rows == 0:
        raise ArchflowError("the table is empty; give at least one architecture")
    ops, node_ptr = _lists(columns, "ops")
    source, edge_ptr = _lists(columns, "edge_src")
    target, target_ptr = _lists(columns, "edge_dst")
    ragged = np.diff(edge_ptr) != np.diff(target_ptr)
    if ragged.any():
        row = int(np.argmax(ragged))
        raise ArchflowError(
            f"row {row}: edge_src has {edge_ptr[row + 1] - edge_ptr[row]} entries, "
            f"edge_dst {target_ptr[row + 1] - target_ptr[row]}; every edge needs both"
        )
    encoded = ops.cast(pa.string()).dictionary_encode()
    in_file = Vocabulary(tuple(encoded.dictionary.to_pylist()))
    sources, targets = (_integers(values, name) for values, name in ((source, "edge_src"), (target, "edge_dst")))
    architectures = ArchitectureSet(in_file, encoded.indices.to_numpy(), node_ptr, sources, targets, edge_ptr)
    native = columns["native"].to_pylist() if "native" in columns.column_names else None
    return Table(architectures.recoded(vocabulary or Vocabulary.of(in_file.ops)), _metrics(columns), native)


def _lists(columns: pa.Table, name: str) -> tuple[pa.Array, NDArray[np.int64]]:
    """The flat values and row boundaries of a list column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = columns[name].combine_chunks()
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.replace_substring_regex(column, r"""[\[\]\s"'()]""", "")  # type: ignore[attr-defined]
        column = pc.split_pattern(text, ",")  # type: ignore[attr-defined]
        # An empty list is written as an empty string, which splits into one empty entry.
        kept = pc.not_equal(column.flatten(), "")  # type: ignore[attr-defined]
        counts = np.diff(np.asarray(column.offsets))
        entries = np.repeat(np.arange(len(counts)), counts)[np.asarray(kept)]
        bounds = np.concatenate([[0], np.cumsum(np.bincount(entries, minlength=len(counts)))])
        column = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), column.flatten().filter(kept))
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise ArchflowError(f"column {name!r} is {column.type}, not a list for every row")
    for array, what in ((column, "is empty"), (column.flatten(), "holds an empty entry")):
        if array.null_count:
            row = int(np.argmax(np.asarray(array.is_null())))
            if array is not column:
                row = int(np.searchsorted(np.asarray(column.offsets), row, side="right")) - 1
            raise ArchflowError(f"row {row}: {name} {what}; every architecture needs all its nodes and edges")
    bounds = np.asarray(column.offsets, np.int64)
    return column.flatten(), bounds - bounds[0]


def _integers(values: pa.Array, name: str) -> NDArray[np.int64]:
    import pyarrow as pa

    try:
        return np.asarray(values.cast(pa.int64()))
    except pa.ArrowInvalid as error:
        raise ArchflowError(f"column {name!r} holds something that is no node index ({error})") from None


def _metrics(columns: pa.Table) -> dict[str, NDArray[np.float64]]:
    import pyarrow as pa

    numeric = {}
    for name in columns.column_names:
        kind = columns.schema.field(name).type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
            values = columns[name].cast(pa.float64()).to_numpy()
            numeric[name] = np.array(values, np.float64)
    return numeric


def read_columns(path: Path) -> pa.Table:
    """The raw columns of a Parquet, CSV or JSON-lines file. Raises ArchflowError if it cannot be read."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    readers = {
        ".parquet": lambda p: pa.parquet.read_table(p),
        ".csv": lambda p: pa.csv.read_csv(p),
        ".jsonl": lambda p: pa.json.read_json(p),
    }
    if path.suffix not in readers:
        raise ArchflowError(f"{path}: unknown ending {path.suffix!r}; a table is .parquet, .csv or .jsonl")
    if not path.is_file():
        raise ArchflowError(f"{path}: no such file")
    try:
        return readers[path.suffix](path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        line = str(error).splitlines()[0]
        raise ArchflowError(f"{path}: cannot be read as {path.suffix[1:]} ({line}); is the file whole?") from None


def write_columns(path: str | Path, columns: pa.Table) -> None:
    """Write columns in the format of the file's ending, whole or not at all."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    path = Path(path)
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise ArchflowError(f"{path}: unknown ending {path.suffix!r}; a table is .parquet, .csv or .jsonl")
    with write_atomically(path) as temporary:
        if path.suffix == ".parquet":
            pa.parquet.write_table(columns, temporary, compression="zstd")
        elif path.suffix == ".csv":
            pa.csv.write_csv(_flat_for_csv(columns), temporary)
        else:
            import json

            rows = columns.to_pylist()
            temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _flat_for_csv(columns: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, name in enumerate(columns.column_names):
        if pa.types.is_list(columns.schema.field(name).type):
            strings = columns[name].cast(pa.list_(pa.string()))
            columns = columns.set_column(i, name, pc.binary_join(strings, ","))  # type: ignore[attr-defined]
    return columns
