"""Tables as data sets: architectures and their measurements, in Parquet, CSV or JSON lines.

Columns `ops` (operation names), `edge_src`, `edge_dst` (node indices), optionally `native` (the benchmark's own
string), lists `node_NAME` (node attributes). Every other column is kept as it is; a column used as a metric holds
numbers, and is empty where it was not measured.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph import notebook
from archflow.graph.architecture import Architecture
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.arrow import attribute_columns, from_columns, to_columns
from archflow.graph.columns import GRAPH_COLUMNS, read_columns, write_columns
from archflow.graph.frames import columns_of
from archflow.graph.list_columns import text_column
from archflow.graph.mapped import is_large
from archflow.graph.mapped import mapped as mapped_table
from archflow.graph.names import numbers_from_names
from archflow.graph.ragged import chosen, is_row
from archflow.graph.streamed import StreamedSet
from archflow.graph.table_columns import TableColumns
from archflow.graph.texts import Texts
from archflow.graph.vocabulary import Vocabulary
from archflow.printable import printable, shown
from archflow.progress import LOGGER

_NO_TEXT = ("None", "nan", "<NA>")
"""How values that stand for a missing text in a list are printed."""

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, repr=False)
class Table:
    """N architectures and what is known about them.

    Args:
        architectures: The N architectures.
        metrics: column name -> (N,) numbers, NaN where not measured. Any sequence of numbers is accepted, by position,
            and kept as an array. A table that was read also has the file's other columns here (`TableColumns`).
        native: The benchmark's own string of each row, "" or None where there is none.

    Raises:
        ArchflowError: If a metric is not N numbers, or native strings are not N texts.
    """

    architectures: ArchitectureSet
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    native: Sequence[str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", TableColumns.of(self.metrics, len(self)))
        object.__setattr__(self, "native", _texts(self.native, len(self)))

    def __len__(self) -> int:
        return len(self.architectures)

    @property
    def shape(self) -> tuple[int]:
        """(N,): scikit-learn takes rows of whatever has a shape by index arrays, and with them the columns."""
        return (len(self),)

    @property
    def _columns(self) -> TableColumns:
        assert isinstance(self.metrics, TableColumns), "made one when the table was made"
        return self.metrics

    def metric(self, name: str) -> NDArray[np.float64]:
        """(N,) one metric; "-NAME" is the column NAME with its sign changed, for metrics where lower is better.

        Raises ArchflowError if the table lacks it, listing its columns, or if a row holds no number, naming the row.
        """
        if name.startswith("-") and name not in self._columns.names:
            return -self.metric(name[1:])
        return self._columns.number(name)

    @property
    def column_names(self) -> list[str]:
        """The names of all columns apart from the graphs, numeric or not."""
        return self._columns.names

    def texts(self, name: str) -> list[str | None]:
        """The entries of one column as text, None where there is none. Raises ArchflowError if the table lacks it."""
        return self._columns.texts(name)

    def called(self, row: int) -> str:
        """How to display an architecture: its native string, or its operations if it has none."""
        return (self.native[row] if self.native else "") or " ".join(self.architectures[row].ops)

    def with_metrics(self, columns: Mapping[str, ArrayLike]) -> Table:
        """The table with further metrics (N,), which replace columns of the same name."""
        return replace(self, metrics=self._columns.with_numbers(columns, len(self)))

    def with_texts(self, columns: Mapping[str, Sequence[str | None]]) -> Table:
        """The table with further columns of texts (N,), which replace columns of the same name.

        Raises:
            ArchflowError: If a column does not have one text for each row.
        """
        return replace(self, metrics=self._columns.with_texts(columns, len(self)))

    def without(self, columns: Iterable[str]) -> Table:
        """The table without some columns. Raises ArchflowError for one that it lacks."""
        return replace(self, metrics=self._columns.without(columns))

    def __repr__(self) -> str:
        return (
            f"Table({notebook.counted(len(self), 'architecture')}; {notebook.named(self.column_names) or 'no columns'})"
        )

    def _repr_html_(self) -> str:
        first, names = self[: notebook.ROWS], self.column_names[: notebook.COLUMNS]
        return notebook.rows(list(first.architectures), {name: first.texts(name) for name in names}, repr(self))

    @overload
    def __getitem__(self, rows: int) -> Architecture: ...

    @overload
    def __getitem__(self, rows: slice | ArrayLike) -> Table: ...

    def __getitem__(self, rows: Any) -> Architecture | Table:
        """The architecture of one row; the table of several, by a slice, or as `select` takes them.

        As in an array of one axis, `...` may follow.
        """
        if isinstance(rows, tuple) and len(rows) == 2 and rows[1] is ...:
            rows = rows[0]
        if is_row(rows):
            return self.architectures[rows]
        return self.select(np.arange(len(self))[rows] if isinstance(rows, slice) else rows)

    def select(self, rows: ArrayLike) -> Table:
        """Select rows as `ArchitectureSet.select` does. Raises ArchflowError if text is given instead of rows."""
        rows = np.asarray(rows)
        if rows.dtype.kind == "U" and rows.size:
            name = str(rows.flat[0])
            raise ArchflowError(f"{name!r} is not a row; for a column give metric({name!r})")
        rows = chosen(rows, len(self))
        if len(rows) == len(self) and np.array_equal(rows, np.arange(len(self))):
            return self
        native = None if self.native is None else [self.native[int(row)] for row in rows]
        return Table(self.architectures.select(rows), self._columns.take(rows), native)

    def followed_by(self, other: Table) -> Table:
        """The rows of both tables, with all columns of either and gaps where one lacks them, but no native strings.

        Raises:
            ArchflowError: If a column holds numbers in one of them and text in the other.
        """
        import pyarrow as pa

        index = "\0row"  # a name that no column has
        parts = [each._columns.added_to(pa.table({index: np.arange(len(each))})) for each in (self, other)]
        try:
            columns = pa.concat_tables(parts, promote_options="permissive").drop_columns([index])
        except pa.ArrowInvalid as error:
            raise ArchflowError(f"the two tables have a column of different types: {error}") from None
        sets = ArchitectureSet.concatenate([self.architectures, other.architectures])
        return Table(sets, TableColumns({}, columns))

    def write(self, path: str | Path) -> None:
        """Write the table, whole or not at all, in the format of the file's ending.

        Raises:
            ArchflowError: If a metric has a reserved name: `ops`, `native`, the `node_NAME` of an attribute ...
        """
        taken = {*GRAPH_COLUMNS, "native", *(f"node_{name}" for name in self.architectures.attribute_names)}
        for name in self._columns.names:
            if name in taken:
                raise ArchflowError(f"the metric {name!r} has the name of another column of tables; rename it")
        write_columns(path, map(self._arrow, self.architectures.parts()))

    def to_arrow(self) -> pa.Table:
        """The table as a `pyarrow.Table`, with the columns that `write` writes; `polars.from_arrow` reads it."""
        return self._arrow(np.arange(len(self)))

    def _arrow(self, rows: NDArray[np.int64]) -> pa.Table:
        import pyarrow as pa

        part = self.select(rows)
        columns = pa.table(to_columns(part.architectures))
        if self.native is not None:
            texts = part.native or [""] * len(rows)
            columns = columns.append_column("native", pa.array([text or None for text in texts], pa.string()))
        return part._columns.added_to(columns)

    def to_pandas(self) -> pd.DataFrame:
        """The table as a `pandas.DataFrame`, with the columns that `write` writes; needs pandas."""
        return self.to_arrow().to_pandas()

    @classmethod
    def from_frame(cls, frame: Any, *, numbers_in_names: bool = False) -> Table:
        """Make a table of a data frame with the columns that `read_table` reads.

        Args:
            frame: A pandas or polars frame, a pyarrow table, or anything else that exports an Arrow stream. A pandas
                index is left out.
            numbers_in_names: As `read_table`'s.

        Raises:
            ArchflowError: If it is not a frame, or `read_table` would refuse its columns.
        """
        return _table_of(columns_of(frame), None, numbers_in_names)

    from_pandas = from_frame


def read_table(
    path: str | Path,
    vocabulary: Vocabulary | None = None,
    *,
    numbers_in_names: bool = False,
    mapped: bool | None = None,
) -> Table:
    """Read a data set.

    Args:
        path: A `.parquet`, `.csv` or `.jsonl` file.
        vocabulary: Vocabulary of the operations; by default that of the file.
        numbers_in_names: Whether `conv_k3` is the operation `conv` with the attribute kernel 3
            (`archflow.graph.names`), or an operation of its own.
        mapped: Whether the table stays on disk, as memory-mapped arrays in the cache (`archflow.graph.mapped`), and is
            read in parts; only for Parquet. By default, that depends on its size and the memory there is.

    Raises:
        ArchflowError: For an unknown file ending, an unreadable file, a missing or ragged column, an empty table, and
            whatever `ArchitectureSet` refuses; the message names the file and the row.
    """
    path = Path(path)
    if is_large(path) if mapped is None else mapped:
        architectures, columns = mapped_table(path)
    else:
        architectures, columns = None, read_columns(path)
    try:
        table = _table_of(columns, vocabulary, numbers_in_names, architectures)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None
    if LOGGER.isEnabledFor(logging.DEBUG):
        named = ", ".join(columns.column_names)
        LOGGER.debug("%s: %s rows, sha256 %.12s, columns %s", path, len(table), _sha256(path), printable(named))
    return table


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _table_of(
    columns: pa.Table, vocabulary: Vocabulary | None, numbers_in_names: bool, streamed: StreamedSet | None = None
) -> Table:
    """streamed: The architectures, if the columns do not contain them."""
    if streamed is None and columns.num_rows == 0 and set(GRAPH_COLUMNS) <= set(columns.column_names):
        raise ArchflowError("the table is empty; give at least one architecture")
    architectures = streamed or from_columns(columns)
    if numbers_in_names:
        architectures = architectures.converted(numbers_from_names)
        for _ in architectures.pieces():
            pass  # a contradiction is reported now, not in the middle of the work
    known = architectures.recoded(vocabulary or Vocabulary.of(architectures.vocabulary.ops))
    others = columns if streamed else columns.drop_columns([*GRAPH_COLUMNS, *attribute_columns(columns)])
    native = None
    if "native" in columns.column_names:
        native = Texts(columns["native"]) if streamed else text_column(columns, "native")
        others = others.drop_columns(["native"])
    return Table(known, TableColumns({}, others), native)


def _texts(given: Any, rows: int) -> Sequence[str] | None:
    """Native strings as a list, "" for those that are missing; None if all are."""
    if given is None or isinstance(given, Texts):
        return given if given is None or any(given) else None
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ArchflowError(f"native: {shown(given)} is not a list; give one text for each of {rows} architectures")
    texts = list(given)
    if set(map(type, texts)) != {str}:
        texts = ["" if not isinstance(text, str) and str(text) in _NO_TEXT else text for text in texts]
        wrong = next((row for row, text in enumerate(texts) if not isinstance(text, str)), None)
        if wrong is not None:
            raise ArchflowError(f"native: row {wrong} is {shown(texts[wrong])}, not text")
    if len(texts) != rows:
        raise ArchflowError(f"native: {len(texts)} strings for {rows} architectures; give one for each")
    return texts if any(texts) or not texts else None
