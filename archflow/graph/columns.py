"""Columns in files: Parquet, CSV and JSON lines.

CSV has no types. Its columns are text until numbers are asked for, and stay as they were written: `01201222` keeps its
zero. Lists are written as `[input, conv3x3, output]` (`archflow.graph.text_lists`).
"""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.graph.parquet import read_parquet
from archflow.graph.text_columns import UNTYPED, as_text, rows_for_json, typed
from archflow.printable import shown

if TYPE_CHECKING:
    import pyarrow as pa

GRAPH_COLUMNS = ("ops", "edge_src", "edge_dst")

_BLOCK = 1 << 24
"""Bytes per block; if a row is larger, the whole file is read at once."""


def read_columns(path: Path) -> pa.Table:
    """Read the raw columns of a Parquet, CSV or JSON-lines file. Raises ArchflowError if it cannot be read."""
    readers: dict[str, Callable[[Path], pa.Table]] = {
        ".parquet": read_parquet,
        ".csv": _read_csv,
        ".jsonl": _read_jsonl,
    }
    if path.suffix not in readers:
        raise ArchflowError(f"{path}: unknown ending {path.suffix!r}; a table is .parquet, .csv or .jsonl")
    if not path.is_file():
        raise ArchflowError(f"{path}: no such file")
    with reading(path):
        columns = readers[path.suffix](path)
        names = columns.column_names
        validate(columns)
    check_names(path, names)
    return columns


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line, as an ArchflowError, why a table cannot be read."""
    import pyarrow as pa

    try:
        yield
    except ArchflowError:
        raise
    except (pa.ArrowException, ValueError, OSError, csv.Error) as error:
        line = str(error).splitlines()[0]
        mend = "save it as UTF-8" if re.search("utf-?8", line, re.IGNORECASE) else "is the file whole?"
        raise ArchflowError(f"{path}: cannot be read as {path.suffix[1:]} ({line}); {mend}") from None


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise ArchflowError for a column that occurs twice."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArchflowError(f"{path}: column {shown(twice)} occurs twice; rename or remove one")


def validate(columns: pa.Table) -> None:
    """Raise ArrowInvalid, naming the column, for text that is not UTF-8; later errors would not name the file."""
    import pyarrow as pa

    for name, column in zip(columns.column_names, columns.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise pa.ArrowInvalid(f"column {name!r}: {error}") from None


def _read_csv(path: Path) -> pa.Table:
    """Read the columns of a CSV file, as text.

    The separator is a comma, semicolon, tab or bar: whichever yields the columns of a table, or else the most columns.
    """
    import pyarrow as pa
    import pyarrow.csv

    header = {}
    for delimiter in ",;\t|":
        with path.open(newline="", encoding="utf-8-sig") as file:
            header[delimiter] = next(csv.reader(file, delimiter=delimiter), [])
    known = {*GRAPH_COLUMNS, "native"}
    delimiter = max(header, key=lambda each: (len(known & set(header[each])), len(header[each])))
    names = dict.fromkeys(header[delimiter], pa.string())

    def read(block: int) -> pa.Table:
        return pa.csv.read_csv(
            path,
            read_options=pa.csv.ReadOptions(block_size=block),
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(column_types=names),
        )

    columns = _in_blocks(read, path)
    text = (*GRAPH_COLUMNS, "native")
    fields = (field if field.name in text else field.with_metadata(UNTYPED) for field in columns.schema)
    return columns.cast(pa.schema(list(fields)))


def _read_jsonl(path: Path) -> pa.Table:
    """Read the columns of a JSON-lines file.

    Unless types are given, pyarrow loses nulls before a list's first value, parses some texts as times and reads
    unsigned 64-bit integers as floats.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json

    def read(block: int, schema: pa.Schema | None = None) -> pa.Table:
        return pa.json.read_json(
            path,
            read_options=pa.json.ReadOptions(block_size=block),
            parse_options=pa.json.ParseOptions(explicit_schema=schema),
        )

    _check_objects(path)
    try:
        columns = _in_blocks(read, path)
    except pa.ArrowInvalid as error:
        if "changed from" not in str(error):
            raise
        return _read_mixed(path)
    known = {}
    for field in columns.schema:
        if pa.types.is_timestamp(field.type):
            known[field.name] = pa.string()
        elif field.name not in GRAPH_COLUMNS and pa.types.is_list(field.type):
            known[field.name] = pa.list_(pa.float64()) if field.type == pa.list_(pa.null()) else field.type
    unsigned = {
        field.name: pa.uint64()
        for field, column in zip(columns.schema, columns.columns, strict=True)
        if pa.types.is_floating(field.type) and (pc.max(column).as_py() or 0) >= 2**63
    }
    if unsigned:
        with suppress(pa.ArrowInvalid):  # not all values are integers
            return _in_blocks(lambda block: read(block, pa.schema(known | unsigned)), path)
    return _in_blocks(lambda block: read(block, pa.schema(known)), path) if known else columns


def _check_objects(path: Path) -> None:
    """Raise ValueError for a line that does not begin as an object: it can crash pyarrow or block it."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            begin = line.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            if begin not in (b"", b"{"):
                raise ValueError(f"line {number} is not an object")


def _read_mixed(path: Path) -> pa.Table:
    """Read the columns of a JSON-lines file; columns with values of several types become text, in JSON form."""
    import pyarrow as pa

    rows = [json.loads(line) for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    wrong = next((number for number, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if wrong is not None:
        raise ValueError(f"line {wrong} is not an object")
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowException, OverflowError):
            texts = (each if each is None or isinstance(each, str) else json.dumps(each) for each in values)
            columns[name] = pa.array(texts, pa.string())
    return pa.table(columns)


def _in_blocks(read: Callable[[int], pa.Table], path: Path) -> pa.Table:
    """Call `read` with blocks, or on the whole file if a row does not fit into a block."""
    import pyarrow as pa

    size = path.stat().st_size
    if size > _BLOCK:
        try:
            return read(_BLOCK)
        except pa.ArrowInvalid as error:
            if "block" not in str(error):
                raise
    return read(min(max(size + 1, 1 << 10), 2**31 - 1))


def write_columns(path: str | Path, columns: pa.Table | Iterator[pa.Table]) -> None:
    """Write columns, or parts of them with the same schema, in the format of the file's ending, whole or not at all."""
    import pyarrow as pa

    path = Path(path)
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise ArchflowError(f"{path}: unknown ending {path.suffix!r}; a table is .parquet, .csv or .jsonl")
    parts = iter([columns]) if isinstance(columns, pa.Table) else columns
    with write_atomically(path) as temporary:
        if path.suffix == ".jsonl":
            with temporary.open("w") as file:
                file.writelines(row + "\n" for part in parts for row in rows_for_json(typed(part)))
            return
        first = _for_file(path, next(parts))
        with _writer(path, temporary, first.schema) as writer:
            for part in chain([first], (_for_file(path, part) for part in parts)):
                writer.write_table(part)


def _for_file(path: Path, columns: pa.Table) -> pa.Table:
    return typed(columns) if path.suffix == ".parquet" else as_text(columns)


def _writer(path: Path, temporary: Path, schema: pa.Schema) -> Any:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if path.suffix == ".parquet":
        return pa.parquet.ParquetWriter(temporary, schema, compression="zstd")
    return pa.csv.CSVWriter(temporary, schema)
