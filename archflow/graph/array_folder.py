"""The content of a Parquet table in a folder: flat arrays of the graphs, and the other columns in Arrow's format.

It is written part by part, in bounded memory, and read as memory-mapped arrays.
"""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.arrow import PREFIX, attribute_columns, from_columns, has_text
from archflow.graph.columns import GRAPH_COLUMNS, check_names, reading, validate
from archflow.graph.list_columns import text_column
from archflow.graph.parquet import batches, group_sizes
from archflow.graph.streamed import StreamedSet, counted_as
from archflow.graph.vocabulary import Vocabulary
from archflow.memory import credible_content
from archflow.progress import progress_bar

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "op": np.int32,
    "edge_src": np.int32,
    "edge_dst": np.int32,
    "node_ptr": np.int64,
    "edge_ptr": np.int64,
    "attributes": np.float32,
}
_COLUMNS = "columns.arrow"


class Content(NamedTuple):
    """What the folder holds, but for the arrays: operations by id, and names of node attributes."""

    ops: list[str]
    attributes: list[str]


def written(path: Path, folder: Path) -> Content:
    """Write the arrays of a Parquet file into an empty folder.

    Raises:
        ArchflowError: If the file cannot be read (the message names it and the row), or is not a table of
            architectures.
        OSError: If the folder cannot be written.
    """
    with reading(path):
        sizes = group_sizes(path, credible_content(path))
        rows, attributes = _rows(path), _attributes(path, sizes)
    if not rows:
        raise ArchflowError(f"{path}: the table is empty; give at least one architecture")
    ids: dict[str, int] = {}
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / name).open("wb")) for name in (*_TYPES, _COLUMNS)}
        bar = stack.enter_context(progress_bar(f"mapping {path.name}", rows))
        writer, first, ends = None, 0, {"node_ptr": 0, "edge_ptr": 0}
        for name in ends:
            _append(files[name], np.zeros(1, np.int64))
        for columns in _parts(path, sizes):
            try:
                with counted_as(np.arange(first, first + len(columns))):
                    some, others = from_columns(columns, attributes), _others(columns, attributes)
            except ArchflowError as error:
                raise ArchflowError(f"{path}: {error}") from None
            for name, end in ends.items():
                _append(files[name], getattr(some, name)[1:] + end)
                ends[name] += int(getattr(some, name)[-1])
            numbers = np.array([ids.setdefault(op, len(ids)) for op in some.vocabulary.ops], np.int32)
            _append(files["op"], numbers[some.op])
            for name in ("edge_src", "edge_dst", *(["attributes"] if attributes else ())):
                _append(files[name], getattr(some, name))
            writer = writer or stack.enter_context(_arrow_file(files[_COLUMNS], others))
            writer.write_table(others)
            first += len(some)
            bar.advance(len(some))
    return Content(list(ids), [name.removeprefix(PREFIX) for name in attributes])


def opened(folder: Path, content: Content) -> tuple[StreamedSet, pa.Table]:
    """The architectures and the other columns of a folder that `written` made; nothing is read yet."""
    import pyarrow as pa

    arrays = {name: _mapped(folder / name, kind) for name, kind in _TYPES.items()}
    arrays["attributes"] = arrays["attributes"].reshape(-1, len(content.attributes)) if content.attributes else None
    vocabulary = Vocabulary(tuple(content.ops))
    stored = ArchitectureSet(vocabulary, **arrays, attribute_names=content.attributes, validate=False)
    with pa.memory_map(str(folder / _COLUMNS)) as file:
        columns = pa.ipc.open_file(file).read_all()
    return StreamedSet(stored.select, stored.node_counts + stored.edge_counts), columns


def _mapped(path: Path, kind: Any) -> Any:
    """The array in a file, memory-mapped; an empty file cannot be."""
    return np.memmap(path, kind, "r").view(np.ndarray) if path.stat().st_size else np.zeros(0, kind)


def _append(file: IO[bytes], values: NDArray) -> None:
    file.write(np.ascontiguousarray(values).data)


def _arrow_file(file: IO[bytes], columns: pa.Table) -> pa.RecordBatchFileWriter:
    import pyarrow as pa

    return pa.ipc.new_file(file, columns.schema)


def _rows(path: Path) -> int:
    from pyarrow.parquet import read_metadata

    return read_metadata(path).num_rows


def _parts(path: Path, sizes: Sequence[int], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The file's columns, or these, part by part."""
    with reading(path):
        for part in batches(path, sizes, columns):
            validate(part)
            yield part


def _attributes(path: Path, sizes: Sequence[int]) -> list[str]:
    """The columns that hold node attributes. Of texts, the first that is not empty says what its column holds."""
    from pyarrow.parquet import read_schema

    schema = read_schema(path)
    check_names(path, schema.names)
    found = attribute_columns(schema.empty_table())
    for name in schema.names:
        if name.startswith(PREFIX) and name not in found:
            first = next((part for part in _parts(path, sizes, [name]) if has_text(part[name])), None)
            found += [] if first is None else attribute_columns(first)
    return sorted(found, key=schema.names.index)


def _others(columns: pa.Table, attributes: Sequence[str]) -> pa.Table:
    """The columns that are not graphs, without dictionaries, which a file cannot change halfway."""
    import pyarrow as pa

    others = columns.drop_columns([*GRAPH_COLUMNS, *attributes])
    for place, field in enumerate(others.schema):
        if field.name == "native":
            others = others.set_column(place, "native", pa.array(text_column(others, "native"), pa.string()))
        elif pa.types.is_dictionary(field.type):
            others = others.set_column(place, field.name, others[place].cast(field.type.value_type))
    return others
