"""Tables that the user brings for a named benchmark, with graphs as its search space defines them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from archflow.data.catalogue import Benchmark
from archflow.data.made_tables import made_once
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.arrow import PREFIX, from_columns, to_columns
from archflow.graph.columns import GRAPH_COLUMNS, read_columns, write_columns
from archflow.graph.table import Table, read_table
from archflow.spaces import SPACES, SearchSpace

if TYPE_CHECKING:
    import pyarrow as pa


def read_user_table(benchmark: Benchmark, path: Path) -> Table:
    """Read a table of this benchmark's architectures.

    Raises ArchflowError if it cannot be read, has neither graphs nor native strings, or lacks the benchmark's metric.
    """
    table = read_table(with_graphs(benchmark, path))
    try:
        table.metric(benchmark.metric)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: not a table of {benchmark.name}: {error}") from None
    return table


def with_graphs(benchmark: Benchmark, path: Path) -> Path:
    """Return the path of a table with graphs as the benchmark's space defines them.

    This is `path` itself if it has such graphs, or nothing to make them from. Otherwise it is a table in the cache,
    made once: from native strings if there are no graphs, or from operation names such as `mbconv_stage0_k7_e6`, which
    become an operation and node attributes.

    Raises:
        ArchflowError: If a string or a graph is not of the benchmark's space; the message names the row.
    """
    space = SPACES.get(benchmark.space)()
    wanted = {*GRAPH_COLUMNS, *(PREFIX + name for name in space.attribute_names)}
    columns = None if path.suffix == ".parquet" else read_columns(path)
    given = _parquet_columns(path) if columns is None else set(columns.column_names)  # usually only the footer
    if wanted <= given or not (set(GRAPH_COLUMNS) <= given or (not set(GRAPH_COLUMNS) & given and "native" in given)):
        return path
    kind = "-attributes" if space.attribute_names else ""

    def write(made: Path) -> None:
        write_columns(made, _with_graphs(space, path, columns or read_columns(path)))

    return made_once(f"{benchmark.name}{kind}", [path], write)


def _with_graphs(space: SearchSpace, path: Path, columns: pa.Table) -> pa.Table:
    """The columns of a file with graphs in place of those that they have, or of the native strings."""
    given = set(columns.column_names)
    try:
        if set(GRAPH_COLUMNS) <= given:
            architectures = space.conform(from_columns(columns))
        else:
            architectures = _parsed(space, columns["native"].to_pylist())
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None
    for name, values in to_columns(architectures).items():
        columns = columns.drop_columns([name]) if name in given else columns
        columns = columns.append_column(name, values)
    return columns


def _parsed(space: SearchSpace, texts: Iterable[object]) -> ArchitectureSet:
    """The architectures of native strings. Raises ArchflowError, naming the row."""
    parsed = []
    for row, text in enumerate(texts):
        try:
            parsed.append(space.parse(str(text)))
        except ArchflowError as error:
            raise ArchflowError(f"row {row}: {error}") from None
    return ArchitectureSet.from_architectures(parsed, space.vocabulary)


def _parquet_columns(path: Path) -> set[str]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return set(parquet.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return set()  # reading the table will report the error
