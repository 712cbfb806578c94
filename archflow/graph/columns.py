"""Columns in files: Parquet, CSV and JSON lines alike, lists included.

In CSV a list is written as `[input, conv3x3, output]`; lists without brackets, and Python's and JSON's quoted lists,
are read too.
"""

# pyarrow makes its compute functions at import; a type checker sees none of them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.graph.ragged import Ints, pointer

if TYPE_CHECKING:
    import pyarrow as pa

GRAPH_COLUMNS = ("ops", "edge_src", "edge_dst")


def read_columns(path: Path) -> pa.Table:
    """The raw columns of a Parquet, CSV or JSON-lines file. Raises ArchflowError if it cannot be read."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    as_text = pa.csv.ConvertOptions(column_types=dict.fromkeys(GRAPH_COLUMNS, pa.string()))
    readers = {
        ".parquet": lambda: pa.parquet.read_table(path),
        ".csv": lambda: pa.csv.read_csv(path, convert_options=as_text),  # "3" alone is a list too
        ".jsonl": lambda: _read_jsonl(path),
    }
    if path.suffix not in readers:
        raise ArchflowError(f"{path}: unknown ending {path.suffix!r}; a table is .parquet, .csv or .jsonl")
    if not path.is_file():
        raise ArchflowError(f"{path}: no such file")
    try:
        columns = readers[path.suffix]()
        columns.validate(full=True)  # text that is not UTF-8 would fail later, far from the file's name
        names = columns.column_names
    except (pa.ArrowException, ValueError, OSError) as error:
        line = str(error).splitlines()[0]
        raise ArchflowError(f"{path}: cannot be read as {path.suffix[1:]} ({line}); is the file whole?") from None
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArchflowError(f"{path}: column {twice!r} stands there twice; rename or remove one")
    return columns


def _read_jsonl(path: Path) -> pa.Table:
    """The columns of a JSON-lines file. pyarrow loses nulls before a list's first value unless it knows the type."""
    import pyarrow as pa
    import pyarrow.json

    columns = pa.json.read_json(path)
    lists = [column for column in columns.schema if pa.types.is_list(column.type) and column.name not in GRAPH_COLUMNS]
    if not lists:
        return columns
    nothing, numbers = pa.list_(pa.null()), pa.list_(pa.float64())
    known = pa.schema([column.with_type(numbers) if column.type == nothing else column for column in lists])
    return pa.json.read_json(path, parse_options=pa.json.ParseOptions(explicit_schema=known))


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


def list_column(columns: pa.Table, name: str, kind: pa.DataType) -> tuple[pa.Array, Ints]:
    """The flat values of a list column, as `kind`, and its row boundaries (N+1,).

    Raises ArchflowError, naming the row, for an empty row or entry and for one that is not of that kind.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = columns[name].combine_chunks()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _split(column)
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise ArchflowError(f"column {name!r} is {column.type}, not a list for every row")
    if column.null_count:
        row = int(np.argmax(np.asarray(column.is_null())))
        raise ArchflowError(f"row {row}: {name} is empty; give a list, [] for an architecture without edges")
    bounds = np.asarray(column.offsets, np.int64)
    bounds = bounds - bounds[0]
    values = column.flatten()
    try:
        values = values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        entry = next(i for i, value in enumerate(values) if not _casts(value, kind))
        what = "an operation name" if pa.types.is_string(kind) else "a node index"
        raise ArchflowError(f"row {_row(bounds, entry)}: {name} holds {values[entry].as_py()!r}, not {what}") from None
    blank = pc.is_null(values)
    if pa.types.is_string(kind):
        blank = pc.or_kleene(blank, pc.equal(values, ""))
    if pc.any(blank).as_py():
        entry = pc.index(blank, True).as_py()
        raise ArchflowError(
            f"row {_row(bounds, entry)}: {name} holds an empty entry; every node and edge needs its own"
        )
    return values, bounds


def number_lists(columns: pa.Table, name: str) -> tuple[NDArray[np.float64], Ints]:
    """The flat numbers of a list column, NaN for empty entries, and the length of every row (N,), 0 for an empty one.

    Raises ArchflowError, naming the row, for an entry that is no number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = columns[name].combine_chunks()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _split(column, keep_last=True)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), np.int64)
    values = column.flatten()
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.if_else(pc.match_substring_regex(values, r"(?i)^\s*(null|none|)\s*$"), "nan", values)
    try:
        values = values.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        entry = next(i for i, value in enumerate(values) if not _casts(value, pa.float64()))
        row = _row(pointer(lengths), entry)
        raise ArchflowError(f"row {row}: {name} holds {values[entry].as_py()!r}, not a number") from None
    return values.to_numpy(zero_copy_only=False), lengths


def _row(bounds: Ints, entry: int) -> int:
    return int(np.searchsorted(bounds, entry, side="right")) - 1


def _casts(value: pa.Scalar, kind: pa.DataType) -> bool:
    import pyarrow as pa

    try:
        value.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _split(text: pa.Array, *, keep_last: bool = False) -> pa.Array:
    """Lists written as text, one per row, without brackets, quotes and the space around entries.

    keep_last: an empty entry behind the last comma of `[1, ]` counts; that of Python's `(1,)` never does.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    inner = pc.fill_null(text, "")
    if keep_last:
        inner = pc.replace_substring_regex(inner, r"^\s*\[(.*?)\s*\]\s*$", r"\1")
    inner = pc.replace_substring_regex(inner, r"^\s*[\[(](.*?),?\s*[\])]\s*$", r"\1")
    inner = pc.utf8_trim_whitespace(inner)
    lists = pc.split_pattern_regex(inner, r"\s*,\s*")
    entries = pc.replace_substring_regex(lists.flatten(), r"""^(?:"(.*)"|'(.*)')$""", r"\1\2")
    # An empty text splits into one empty entry, but means none.
    none, counts = np.asarray(pc.equal(inner, "")), np.diff(np.asarray(lists.offsets, np.int64))
    bounds = pointer(np.where(none, 0, counts)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(bounds), entries.filter(pa.array(np.repeat(~none, counts))))


def _flat_for_csv(columns: pa.Table) -> pa.Table:
    """Lists as text. Raises ArchflowError for an entry that could not be read back."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, name in enumerate(columns.column_names):
        if pa.types.is_list(columns.schema.field(name).type):
            strings = _without_nulls(columns[name].combine_chunks().cast(pa.list_(pa.string())))
            for entry in pc.unique(strings.flatten()).to_pylist():
                if "," in entry or entry != entry.strip() or entry[:1] in ("'", '"'):
                    raise ArchflowError(f"{name}: {entry!r} cannot stand in a CSV list; write .parquet or .jsonl")
            text = pc.binary_join_element_wise("[", pc.binary_join(strings, ", "), "]", "")
            columns = columns.set_column(i, name, text)
    return columns


def _without_nulls(lists: pa.Array) -> pa.Array:
    """Lists of texts with `nan` for their empty entries."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = lists.flatten()
    if values.null_count == 0:
        return lists
    bounds = pointer(np.asarray(pc.fill_null(pc.list_value_length(lists), 0))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(bounds), pc.fill_null(values, "nan"), mask=pc.is_null(lists))
