"""Data sets by name or path: find the table on this machine, and load it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archflow.data.cache import check_cached, show_licence
from archflow.data.catalogue import BENCHMARKS, Benchmark
from archflow.data.made_graphs import table_of_columns
from archflow.data.places import FOLDER_VARIABLE, cached_table, own_table
from archflow.data.provision import get_offline
from archflow.data.user_tables import with_graphs
from archflow.errors import ArchflowError
from archflow.graph.columns import GRAPH_COLUMNS, read_columns
from archflow.graph.frames import columns_of, is_frame
from archflow.graph.table import Table, read_table
from archflow.near import alternatives

__all__ = ["BENCHMARKS", "FOLDER_VARIABLE", "Benchmark", "benchmark_of", "find", "load", "locate"]


def benchmark_of(name: str) -> Benchmark:
    """The benchmark of that name. Raises ArchflowError, listing the names, if there is none."""
    if name not in BENCHMARKS:
        if Path(name).is_dir():
            raise ArchflowError(f"{name}: is a folder; give a table file, or a data set's name")
        raise ArchflowError(f"no data set is called {name!r}; {alternatives(name, BENCHMARKS)}, or name a table file")
    return BENCHMARKS[name]


def locate(benchmark: Benchmark) -> Path | None:
    """Find a benchmark's table in the package, the user's folder or the cache; None if it is in none of them."""
    if benchmark.embedded:
        return Path(__file__).with_name(f"{benchmark.name}.parquet")
    cached = cached_table(benchmark.name)
    return own_table(benchmark.name) or (cached if cached.is_file() else None)


def find(data: str | Path, known_as: str | None = None) -> tuple[Benchmark | None, Path]:
    """Find the benchmark that `data` names, if it names one, and the path of its table.

    A name leads to a table in the folder `ARCHFLOW_DATA`, else in the cache, else to one made in the cache from
    published files on this machine. Nothing is downloaded; `archflow.data.provision.get` does that. The first use shows
    the licence.

    Args:
        data: A name in `BENCHMARKS`, or the path of a table. A table at a path counts as the user's own, whatever its
            name, unless it is the very file that a benchmark's name leads to.
        known_as: The benchmark as which to treat the table at a path.

    Raises:
        ArchflowError: If the name is unknown, the benchmark is not on this machine (the message says how to get it), or
            its table in the cache was changed.
    """
    data = str(data)
    if data not in BENCHMARKS:
        path = Path(data)
        if not path.suffix and known_as is None:
            benchmark_of(data)
        benchmark = benchmark_of(known_as) if known_as else _benchmark_at(path)
        return benchmark, _sound(benchmark, path) if benchmark and path.is_file() else path
    if known_as not in (None, data):
        raise ArchflowError(f"{data} is a benchmark of its own; only a table file can count as {known_as}")
    benchmark = BENCHMARKS[data]
    path = locate(benchmark) or get_offline(benchmark)
    if path is None:
        raise ArchflowError(
            f"{data}: not on this machine; {how_to_get(benchmark)}, or set {FOLDER_VARIABLE} to the folder that holds "
            f"{data}.parquet"
        )
    if benchmark.embedded:
        return benchmark, path
    show_licence(benchmark)
    return benchmark, _sound(benchmark, path)


def _sound(benchmark: Benchmark, path: Path) -> Path:
    """The path of a table with its graphs; a table in the cache must be unchanged."""
    cached = cached_table(benchmark.name)
    if cached.is_file() and path.samefile(cached):
        check_cached(benchmark.name)
    return with_graphs(benchmark, path)


def _benchmark_at(path: Path) -> Benchmark | None:
    """The benchmark whose table is at this path, if any."""
    benchmark = BENCHMARKS.get(path.stem)
    table = locate(benchmark) if benchmark else None
    return benchmark if table is not None and path.exists() and table.samefile(path) else None


def how_to_get(benchmark: Benchmark) -> str:
    """The command that puts a benchmark's table into the cache."""
    return (
        f"`archflow data get {benchmark.name}`" if benchmark.files else f"`archflow data import {benchmark.name} FILE`"
    )


def load(
    data: str | Path | Any, *, numbers_in_names: bool = False, chain: str | None = None, space: str | None = None
) -> Table:
    """Load the table of a named benchmark or a file, or take a data frame as one.

    Args:
        data: As for `find`, or a frame as for `Table.from_frame`.
        numbers_in_names: As for `read_table`.
        chain: For a table without graphs, the columns that describe an architecture: `width, activation`, or
            `block{i}: k, e` for block0_k, block0_e, block1_k ...
        space: In its place the search space of the native strings in the column `native`.

    Raises:
        ArchflowError: As for `find`, `read_table` and `Table.from_frame`, and if graphs cannot be made.
    """
    if chain is None and space is None:
        try:
            if is_frame(data):
                return Table.from_frame(data, numbers_in_names=numbers_in_names)
            return read_table(find(data)[1], numbers_in_names=numbers_in_names)
        except ArchflowError as error:
            if f"no column {GRAPH_COLUMNS[0]!r}" not in str(error):
                raise
            ways = "load(..., space=NAME) makes them of native strings, load(..., chain='width, depth') of columns"
            raise ArchflowError(f"{error}; {ways}") from None
    columns = columns_of(data) if is_frame(data) else read_columns(find(data)[1])
    return Table.from_frame(table_of_columns(columns, chain, space), numbers_in_names=numbers_in_names)
