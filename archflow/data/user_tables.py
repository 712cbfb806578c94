"""Tables that the user brings for a named benchmark, with graphs as its search space defines them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archflow.data.cache import sha256_of
from archflow.data.catalogue import Benchmark
from archflow.data.places import cache_folder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.arrow import PREFIX, from_columns, to_columns
from archflow.graph.columns import GRAPH_COLUMNS, read_columns, write_columns
from archflow.graph.table import Table, read_table
from archflow.sealed import read_sealed, write_sealed
from archflow.spaces import SPACES, SearchSpace


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
    kind = "attributes-" if space.attribute_names else ""
    made = cache_folder() / "converted" / f"{benchmark.name}-{kind}{sha256_of(path)[:16]}.parquet"
    if _is_sound(made):
        return made
    columns = columns or read_columns(path)
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
    write_columns(made, columns)
    write_sealed(_record(made), {"sha256": sha256_of(made)})
    return made


def _record(made: Path) -> Path:
    return made.with_suffix(".json")


def _is_sound(made: Path) -> bool:
    """Whether a converted table exists unchanged; a damaged one is made again."""
    try:
        return read_sealed(_record(made))["sha256"] == sha256_of(made)
    except (ArchflowError, KeyError):
        return False


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
