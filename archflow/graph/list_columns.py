"""Columns that hold a list per row, as flat values and row boundaries."""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.ragged import Ints, pointer
from archflow.graph.text_lists import split_lists
from archflow.printable import shown

if TYPE_CHECKING:
    import pyarrow as pa


def list_column(columns: pa.Table, name: str, kind: pa.DataType) -> tuple[pa.Array, Ints]:
    """Read a list column: its flat values, as `kind`, and its row boundaries (N+1,).

    Args:
        columns: The table.
        name: The column.
        kind: Text for operation names, int64 for node indices.

    Raises:
        ArchflowError: If a row or an entry is empty, or not of that kind; the message names the row.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.types.is_string(kind)
    column = _lists(columns[name], name, numbers=not names)
    if column.null_count:
        row = int(np.argmax(np.asarray(column.is_null())))
        raise ArchflowError(f"row {row}: {name} is empty; give a list, [] for an architecture without edges")
    bounds = np.asarray(column.offsets, np.int64)
    bounds = bounds - bounds[0]
    values = _cast(column.flatten(), kind, bounds, name, "an operation name" if names else "a node index")
    blank = pc.is_null(values)
    if names:
        blank = pc.or_kleene(blank, pc.equal(values, ""))
    if pc.any(blank).as_py():
        entry = pc.index(blank, True).as_py()
        raise ArchflowError(
            f"row {_row(bounds, entry)}: {name} holds an empty entry; every node and edge needs its own"
        )
    return values, bounds


def number_lists(columns: pa.Table, name: str) -> tuple[NDArray[np.float64], Ints]:
    """Read a list column of numbers: its flat numbers, NaN for empty entries, and its row lengths (N,), 0 if empty.

    Raises:
        ArchflowError: If an entry is not a number; the message names the row.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _lists(columns[name], name, numbers=True, keep_last=True)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), np.int64)
    values = column.flatten()
    if _is_text(values.type):
        values = pc.if_else(pc.match_substring_regex(values, r"(?i)^\s*(null|none|)\s*$"), "nan", values)
    return _cast(values, pa.float64(), pointer(lengths), name, "a number").to_numpy(zero_copy_only=False), lengths


def text_column(columns: pa.Table, name: str) -> list[str]:
    """Read a column of texts, "" where there is none. Raises ArchflowError if it holds anything else."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = columns[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_text(column.type) and not pa.types.is_null(column.type):
        raise ArchflowError(f"column {name!r} is {column.type}, not text; write it as text, or rename it")
    return pc.fill_null(column.cast(pa.string()), "").to_pylist()


def _lists(column: pa.ChunkedArray, name: str, *, numbers: bool, keep_last: bool = False) -> pa.Array:
    """The column as one array of lists, whatever type of lists or text it had."""
    import pyarrow as pa

    whole, types = column.combine_chunks(), pa.types
    if types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    if _is_text(whole.type):
        return split_lists(whole, name, numbers=numbers, keep_last=keep_last)
    if types.is_null(whole.type):
        return whole.cast(pa.list_(pa.null()))
    if types.is_fixed_size_list(whole.type) or types.is_list_view(whole.type):
        return whole.cast(pa.list_(whole.type.value_type))
    if not (types.is_list(whole.type) or types.is_large_list(whole.type)):
        raise ArchflowError(f"column {name!r} is {whole.type}, not a list for every row")
    return whole


def _cast(values: pa.Array, kind: pa.DataType, bounds: Ints, name: str, what: str) -> pa.Array:
    """Convert the entries to `kind`. Raises ArchflowError, naming the row of the first that is not `what`."""
    import pyarrow as pa

    wrong = _unfit(values, kind)
    if wrong is None:
        try:
            return values.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            if not len(values):
                return pa.array([], kind)
            wrong = next((i for i, value in enumerate(values) if not _casts(value, kind)), 0)
    raise ArchflowError(f"row {_row(bounds, wrong)}: {name} holds {shown(values[wrong].as_py())}, not {what}") from None


def _unfit(values: pa.Array, kind: pa.DataType) -> int | None:
    """The first entry that Arrow would convert to `kind` although it is something else, such as True or 0x1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = pa.types
    if _is_text(values.type):
        entry = pc.index(pc.match_substring_regex(values, r"^\s*[-+]?\d+\s*$"), False) if types.is_int64(kind) else None
        return None if entry is None or entry.as_py() < 0 else entry.as_py()
    number = types.is_integer(values.type) or (types.is_floating(values.type) and not types.is_string(kind))
    exact = types.is_decimal(values.type) and types.is_floating(kind)
    return None if number or exact or types.is_null(values.type) or not len(values) else 0


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_string_view))


def _row(bounds: Ints, entry: int) -> int:
    return int(np.searchsorted(bounds, entry, side="right")) - 1


def _casts(value: pa.Scalar, kind: pa.DataType) -> bool:
    import pyarrow as pa

    try:
        value.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True
