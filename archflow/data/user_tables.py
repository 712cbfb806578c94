"""Tables that the user brings for a named benchmark; those that have native strings alone get their graphs."""

from __future__ import annotations

from pathlib import Path

from archflow.data.cache import sha256_of
from archflow.data.catalogue import Benchmark
from archflow.data.places import cache_folder
from archflow.errors import ArchflowError
from archflow.graph.columns import GRAPH_COLUMNS, read_columns, write_columns
from archflow.graph.table import Table, read_table
from archflow.spaces import SPACES

TABLE_ENDINGS = (".parquet", ".csv", ".jsonl")


def read_user_table(benchmark: Benchmark, path: Path) -> Table:
    """A table of this benchmark's architectures.

    Raises ArchflowError if it cannot be read, has neither graphs nor native strings, or lacks the benchmark's metric.
    """
    table = read_table(with_graphs(benchmark, path))
    try:
        table.metric(benchmark.metric)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: not a table of {benchmark.name}: {error}") from None
    return table


def with_graphs(benchmark: Benchmark, path: Path) -> Path:
    """The path of a table with graphs: `path` itself if it has them or nothing to make them of, else a table in the
    cache, made once from its native strings.

    Raises ArchflowError, naming the row, for a string that is none of the benchmark's space.
    """
    if path.suffix == ".parquet" and set(GRAPH_COLUMNS) <= _parquet_columns(path):
        return path  # the usual case: only the file's footer was read
    columns = read_columns(path)
    if set(GRAPH_COLUMNS) & set(columns.column_names) or "native" not in columns.column_names:
        return path
    made = cache_folder() / "converted" / f"{benchmark.name}-{sha256_of(path)[:16]}.parquet"
    if made.is_file():
        return made
    import pyarrow as pa

    space = SPACES.get(benchmark.space)()
    parsed = []
    for row, text in enumerate(columns["native"].to_pylist()):
        try:
            parsed.append(space.parse(str(text)))
        except ArchflowError as error:
            raise ArchflowError(f"{path}: row {row}: {error}") from None
    graphs = {
        "ops": pa.array([a.ops for a in parsed], pa.list_(pa.string())),
        "edge_src": pa.array([[source for source, _ in a.edges] for a in parsed], pa.list_(pa.int32())),
        "edge_dst": pa.array([[target for _, target in a.edges] for a in parsed], pa.list_(pa.int32())),
    }
    for name, values in graphs.items():
        columns = columns.append_column(name, values)
    write_columns(made, columns)
    return made


def _parquet_columns(path: Path) -> set[str]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return set(parquet.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return set()  # whoever reads the table will say what is wrong
