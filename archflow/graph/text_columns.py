"""Columns other than graphs: conversion to numbers, and to forms that a file format can hold."""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.graph.ragged import pointer
from archflow.graph.text_lists import bracketed, written
from archflow.printable import shown

if TYPE_CHECKING:
    import pyarrow as pa

UNTYPED = {b"archflow": b"untyped"}
"""Metadata of the columns of a CSV file, which are all text."""

MISSING = ("", "null", "NULL", "none", "None", "nan", "NaN", "NAN", "-nan", "-NaN", "NA", "N/A", "n/a", "<NA>", "#N/A")
"""Texts that stand for a missing number."""

_LISTS = ("ops", "edge_src", "edge_dst")
_INTEGER = r"^[-+]?\d+$"
_FLOAT = r"(\d+\.\d*|\.\d+|\d+e[-+]?\d+|(\d+\.?\d*|\.\d+)e[-+]?\d+|inf|infinity|nan)"
_NUMBER = rf"(?i)^[-+]?(\d+|{_FLOAT})$"
_FITS = rf"(?i)^\s*([-+]?(\d{{1,15}}|{_FLOAT}))?\s*$"
"""Matches numbers that float64 certainly holds exactly: 2**53 has 16 digits."""


def numbers(columns: pa.Table, name: str) -> NDArray[np.float64] | None:
    """(N,) one column as numbers, NaN where it is empty.

    Booleans become 0 and 1. The result is None if the column holds anything else, or integers that float64 cannot
    represent exactly.
    """
    import pyarrow as pa

    column = _decoded(columns[name])
    if columns.schema.field(name).metadata == UNTYPED:
        column = _typed(column)
    if not _is_number(column.type):
        return None
    try:
        return np.array(column.cast(pa.float64()).to_numpy(), np.float64)
    except pa.ArrowInvalid:
        return None


def texts(columns: pa.Table, name: str) -> list[str | None]:
    """The entries of one column as text, whatever their type, with spaces stripped; None where there is none."""
    entries = _as_strings(_decoded(columns[name])).to_pylist()
    stripped = (None if text is None else text.strip() for text in entries)
    return [None if text in MISSING else text for text in stripped]


def why_no_numbers(columns: pa.Table, name: str) -> str:
    """Why `numbers` refuses a column: its first entry that is not a number, or its first entry."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _decoded(columns[name])
    if not _is_text(column.type) and not pa.types.is_integer(column.type):
        row = max(0, pc.index(pc.is_valid(column), True).as_py())
        held = shown(_as_strings(column[row : row + 1])[0].as_py()) if len(column) else "nothing"
        return f"column {name!r} is not numeric: row {row} holds {held}"
    texts = column.cast(pa.string())
    row = max(0, pc.index(pc.match_substring_regex(texts, _FITS), False).as_py())
    held = texts[row].as_py()
    if re.fullmatch(r"[-+]?\d+", held or ""):
        return f"column {name!r}: row {row} holds {held}, an integer beyond what float64 holds exactly; divide it"
    return f"column {name!r} is not numeric: row {row} holds {shown(held)}; write it like 91.4, or leave it empty"


def typed(columns: pa.Table) -> pa.Table:
    """Columns for a format with types.

    CSV texts that are all numbers become numbers, unless that would change them, as for `007`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, field in enumerate(columns.schema):
        if field.metadata == UNTYPED:
            column = columns[i]
            changed = pc.any(pc.match_substring_regex(column, r"^\s*[-+]?0\d")).as_py()
            filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
            columns = columns.set_column(i, field.name, filled if changed else _typed(filled))
    return columns


def as_text(columns: pa.Table) -> pa.Table:
    """Columns for a CSV file, lists as text."""
    import pyarrow as pa

    types = pa.types
    plain = (types.is_integer, types.is_boolean, types.is_decimal, types.is_temporal, types.is_null)
    for i, field in enumerate(columns.schema):
        column = _decoded(columns[i])
        if types.is_list(column.type) and (field.name in _LISTS or field.name.startswith("node_")):
            column = _lists_as_text(column)
        elif types.is_floating(column.type):
            column = column.cast(pa.float64())  # the digits of a float32 are exact only when read as float32
        elif not (_is_text(column.type) or any(is_kind(column.type) for is_kind in plain)):
            rows = (None if row is None else json.dumps(row, default=_for_json) for row in column.to_pylist())
            column = pa.array(rows, pa.string())
        columns = columns.set_column(i, field.name, column)
    return columns


def rows_for_json(columns: pa.Table) -> Iterator[str]:
    """The rows as JSON objects."""
    import pyarrow as pa

    for i, field in enumerate(columns.schema):
        if pa.types.is_temporal(field.type):
            columns = columns.set_column(i, field.name, _as_strings(columns[i]))
    return (json.dumps(row, default=_for_json) for row in columns.to_pylist())


def _typed(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as integers, numbers or booleans if all entries are such; otherwise unchanged."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pc.replace_substring_regex(text, r"^\s*\+?(.*?)\s*$", r"\1")
    values = pc.if_else(pc.is_in(values, pa.array(MISSING)), pa.scalar(None, pa.string()), values)
    if values.null_count == len(values):
        return pa.chunked_array([pa.nulls(len(values))])
    if pc.all(pc.match_substring_regex(values, _INTEGER)).as_py():
        for kind in (pa.int64(), pa.uint64()):
            with suppress(pa.ArrowInvalid):  # too large, or negative
                return values.cast(kind)
        return text
    if pc.all(pc.match_substring_regex(values, _NUMBER)).as_py():
        return values.cast(pa.float64())
    if pc.all(pc.match_substring_regex(values, "(?i)^(true|false)$")).as_py():
        return values.cast(pa.bool_())
    return text


def _as_strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The entries as text, whatever their type."""
    import pyarrow as pa

    if _is_text(column.type) or (pa.types.is_temporal(column.type) and not pa.types.is_duration(column.type)):
        return column.cast(pa.string())
    rows = column.cast(pa.int64()).to_pylist() if pa.types.is_duration(column.type) else column.to_pylist()
    return pa.chunked_array([pa.array([None if row is None else str(row) for row in rows], pa.string())])


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionary encoding."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _lists_as_text(column: pa.ChunkedArray) -> pa.Array:
    """Lists as text, with `nan` for an empty entry."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = column.combine_chunks()
    if _is_text(lists.type.value_type):
        return written(lists)
    lists = lists.cast(pa.list_(pa.string()))
    bounds = pointer(np.asarray(pc.fill_null(pc.list_value_length(lists), 0))).astype(np.int32)
    values = pc.fill_null(lists.flatten(), "nan")
    return bracketed(pa.ListArray.from_arrays(pa.array(bounds), values, mask=pc.is_null(lists)))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return any(is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    kinds = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(is_kind(kind) for is_kind in kinds)


def _for_json(value: Any) -> Any:
    """Convert values that JSON cannot represent: decimals to numbers, bytes and the rest to text."""
    if isinstance(value, Decimal | np.floating):  # older versions of pyarrow give a float16 as NumPy's
        return float(value)
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
