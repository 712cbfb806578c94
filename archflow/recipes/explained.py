"""Find the one architecture that a user wants to have explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archflow.data.benchmarks import BENCHMARKS, find
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.graph.table import Table, read_table
from archflow.printable import shown
from archflow.spaces import SPACES, SearchSpace

ANY = "none"
"""The name of no search space."""


@dataclass(frozen=True)
class One:
    """An architecture, and the table and space that it is from.

    Attributes:
        row: A table of one row.
        name: Its name.
        table: The table that it is from, if any.
        space: Its search space, if one is known.
    """

    row: Table
    name: str
    table: Table | None
    space: SearchSpace | None


def one_architecture(
    what: str,
    row: str | None = None,
    space: str | None = None,
    inputs: str | None = None,
    numbers_in_names: bool = False,
) -> One:
    """Find an architecture.

    Args:
        what: A data set's name or a table file; a native string of the space; or a model that an importer takes.
        row: Which row of a table: its number, native string, entry in the column `name`, or hash.
        space: The name of a search space, or `ANY`.
        inputs: For a torch network, `package.module:name` of what it is called with.
        numbers_in_names: As for `read_table`.

    Raises:
        ArchflowError: If there is no such architecture, or several.
    """
    chosen = None if space in (None, ANY) else SPACES.get(space)()
    if what in BENCHMARKS or Path(what).suffix in TABLE_ENDINGS:
        benchmark, path = find(what)
        table = read_table(path, numbers_in_names=numbers_in_names)
        if space is None and benchmark is not None:
            chosen = SPACES.get(benchmark.space)()
        place = row_of(table, row, what)
        return One(table.select([place]), table.called(place), table, chosen)
    if row is not None:
        raise ArchflowError(f"--row: {shown(what)} is not a table; leave it out")
    if chosen is not None:
        return One(Table(ArchitectureSet.from_architectures([chosen.parse(what)])), what, None, chosen)
    return One(*_imported(what, inputs), None, None)


def row_of(table: Table, wanted: str | None, name: str) -> int:
    """The number of the row that a user names. Raises ArchflowError if there is none, or there are several."""
    count = len(table)
    if wanted is None:
        if count > 1:
            raise ArchflowError(f"{name}: has {count:,} rows; name one with --row, by its number or native string")
        return 0
    if wanted.isascii() and wanted.isdigit():
        if int(wanted) >= count:
            raise ArchflowError(f"{name}: has no row {wanted}; it has {count:,}, numbered from 0")
        return int(wanted)
    columns = [table.native or [], table.texts("name") if "name" in table.column_names else []]
    for texts in (*columns, [f"{value:016x}" for value in table.architectures.hashes.tolist()]):
        found = [row for row, text in enumerate(texts) if text == wanted]
        if len(found) > 1 and len(set(table.architectures.hashes[found].tolist())) > 1:
            raise ArchflowError(
                f"{name}: {len(found)} architectures are called {shown(wanted)}; name one by its number"
            )
        if found:
            return found[0]
    raise ArchflowError(f"{name}: no row is called {shown(wanted)}; name it by its number, native string, name or hash")


def _imported(what: str, inputs: str | None) -> tuple[Table, str]:
    from archflow.importers.base import import_models
    from archflow.importers.model import table_of

    try:
        models = list(import_models([what], inputs))
    except ArchflowError as error:
        if Path(what).exists() or ":" in what:
            raise
        raise ArchflowError(
            f"{shown(what)}: is not a data set, table or model; for a native string, give --space ({error})"
        ) from None
    if len(models) > 1:
        raise ArchflowError(
            f"{shown(what)}: holds {len(models)} models; write a table with `archflow import`, give --row"
        )
    return table_of(models), models[0].name
