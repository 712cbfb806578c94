"""The columns of a table apart from its graphs: converted to numbers on request, otherwise kept as in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph.text_columns import numbers, texts, why_no_numbers
from archflow.near import alternatives

if TYPE_CHECKING:
    import pyarrow as pa


class TableColumns(Mapping[str, NDArray[np.float64]]):
    """Columns of N rows by name.

    As a mapping it holds the numeric ones, each converted on first access, NaN where empty.

    Args:
        numbers: (N,) numbers by name.
        file: Columns as in a file, of any type; those in `numbers` override them.
        whole: Names in `numbers` of columns of whole numbers, which are written as such.
    """

    def __init__(
        self, numbers: Mapping[str, NDArray[np.float64]], file: pa.Table | None = None, whole: Iterable[str] = ()
    ) -> None:
        self._numbers, self._file, self._whole = dict(numbers), file, frozenset(whole)
        self._in_file = () if file is None else tuple(name for name in file.column_names if name not in numbers)
        self._converted: dict[str, NDArray[np.float64] | None] = {}

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike], rows: int) -> TableColumns:
        """Columns given by a caller, taken by position whatever index they have.

        Raises:
            ArchflowError: If a column is not `rows` numbers.
        """
        if isinstance(columns, TableColumns):
            return columns
        if not isinstance(columns, Mapping):
            raise ArchflowError(f"metrics: give columns by name, not a {type(columns).__name__}")
        return cls({name: _numbers(name, values, rows) for name, values in columns.items()})

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        found = self._numbers[name] if name in self._numbers else self._of_file(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._in_file if self._of_file(name) is not None)
        yield from self._numbers

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"TableColumns({', '.join(self.names) or 'no columns'})"

    @property
    def names(self) -> list[str]:
        """The names of all columns, numeric or not."""
        return [*self._in_file, *self._numbers]

    def number(self, name: str) -> NDArray[np.float64]:
        """(N,) one column.

        Raises:
            ArchflowError: If a row is not a number (the message names it), or there is no such column (it lists them).
        """
        if name in self:
            return self[name]
        if self._file is not None and name in self._in_file:
            raise ArchflowError(why_no_numbers(self._file, name))
        raise ArchflowError(f"the table has no column {name!r}; {alternatives(name, self, listed='numeric columns')}")

    def texts(self, name: str) -> list[str | None]:
        """The N entries of one column as text, None where there is none. Raises ArchflowError if it is not there."""
        if name in self._numbers:
            return [None if np.isnan(value) else f"{value:.12g}" for value in self._numbers[name]]
        if self._file is None or name not in self._in_file:
            raise ArchflowError(f"the table has no column {name!r}; {alternatives(name, self.names, listed='columns')}")
        return texts(self._file, name)

    def with_numbers(self, columns: Mapping[str, ArrayLike], rows: int) -> TableColumns:
        """These columns and further ones, which replace those of the same name; masked integers are whole numbers."""
        more = {name: _numbers(name, values, rows) for name, values in columns.items()}
        whole = {name for name, values in columns.items() if isinstance(values, np.ma.MaskedArray)}
        whole = {name for name in whole if np.asarray(columns[name]).dtype.kind == "i"}
        return TableColumns(self._numbers | more, self._file, (self._whole - columns.keys()) | whole)

    def with_texts(self, columns: Mapping[str, Sequence[str | None]], rows: int) -> TableColumns:
        """These columns and further ones of texts, which replace those of the same name.

        Raises:
            ArchflowError: If a column is not `rows` texts.
        """
        import pyarrow as pa

        others = self.without(name for name in columns if name in self.names)
        for name, given in columns.items():
            if isinstance(given, str) or len(given) != rows:
                raise ArchflowError(f"column {name!r}: give one text for each of {rows} rows")
        made = pa.table({name: pa.array(given, pa.string()) for name, given in columns.items()})
        if others._file is None:
            return TableColumns(others._numbers, made, others._whole)
        file = others._file
        for field in made.schema:
            file = file.append_column(field, made[field.name])
        return TableColumns(others._numbers, file, others._whole)

    def without(self, columns: Iterable[str]) -> TableColumns:
        """These columns except some. Raises ArchflowError for one that is not there."""
        left_out = set(columns)
        missing = sorted(left_out - set(self.names))
        if missing:
            there = alternatives(missing[0], self.names, listed="columns")
            raise ArchflowError(f"the table has no column {missing[0]!r}; {there}")
        kept = [name for name in self._in_file if name not in left_out]
        file = None if self._file is None or not kept else self._file.select(kept)
        left = {name: each for name, each in self._numbers.items() if name not in left_out}
        return TableColumns(left, file, self._whole)

    def take(self, rows: NDArray) -> TableColumns:
        """The chosen rows (M,)."""
        file = None if self._file is None else self._file.select(self._in_file).take(rows)
        return TableColumns({name: values[rows] for name, values in self._numbers.items()}, file, self._whole)

    def added_to(self, columns: pa.Table) -> pa.Table:
        """A table with these columns appended: those of a file as they were, numbers with null for NaN."""
        import pyarrow as pa

        for name in self._in_file:
            assert self._file is not None, "it has these columns"
            columns = columns.append_column(self._file.schema.field(name), self._file[name])
        for name, values in self._numbers.items():
            array = pa.array(values, mask=np.isnan(values))
            columns = columns.append_column(name, array.cast(pa.int64()) if name in self._whole else array)
        return columns

    def _of_file(self, name: str) -> NDArray[np.float64] | None:
        if self._file is None or name not in self._in_file:
            return None
        if name not in self._converted:
            self._converted[name] = numbers(self._file, name)
        return self._converted[name]


def _numbers(name: str, values: ArrayLike, rows: int) -> NDArray[np.float64]:
    """One column as an array, which stays float32 if it is. Raises ArchflowError if it is not (rows,) numbers."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError
        if array.dtype not in (np.float32, np.float64):
            array = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ArchflowError(f"metric {name!r}: not all of it are numbers; give NaN where it is not measured") from None
    if array.shape != (rows,):
        raise ArchflowError(f"metric {name!r}: its shape is {array.shape}; give one number for each of {rows} rows")
    return array
