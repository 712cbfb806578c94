"""Several data sets by name or path, distinguished by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from archflow.data.benchmarks import find
from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table


def several_tables(option: str, data: Sequence[str], read: Callable[[Path], Table] = read_table) -> dict[str, Table]:
    """Load the tables of data sets, by the benchmark's name or the file's stem, in order.

    Args:
        option: The name of the list in errors.
        data: Names and paths.
        read: Reads the table in a file.

    Raises:
        ArchflowError: If there is none, or two have the same name, and as for `load`.
    """
    if not data:
        raise ArchflowError(f"{option}: no data set is named; give names or table files with commas between them")
    tables: dict[str, Table] = {}
    for each in data:
        benchmark, path = find(each)
        name = benchmark.name if benchmark else path.stem
        if name in tables:
            raise ArchflowError(f"{option}: two tables are called {name!r}; name every one once, or rename a file")
        tables[name] = read(path)
    return tables
