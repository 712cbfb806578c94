"""What importers of tables share whose graphs were traced by other tools."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph.column_names import column_names
from archflow.graph.columns import read_columns
from archflow.importers.base import Importer, Source
from archflow.importers.model import ImportedModel
from archflow.named_objects import first_line

Row = Mapping[str, Any]

_TOGETHER = 32
"""Rows that are Python objects at a time."""


class TableImporter(Importer):
    """Reads a Parquet file with one graph per row. The columns of a file decide which importer takes it.

    Attributes:
        columns: The columns that this kind of table must have.
        others: Columns that it must not have.
    """

    columns: frozenset[str]
    others: frozenset[str] = frozenset()

    def accepts(self, source: Source) -> bool:
        path = Path(source.text)
        try:
            names = set(column_names(path)) if path.suffix == ".parquet" and path.is_file() else set()
            return self.columns <= names and not self.others & names
        except ArchflowError:
            return False

    def models(self, source: Source) -> Iterator[ImportedModel]:
        table = read_columns(Path(source.text))
        for first in range(0, table.num_rows, _TOGETHER):
            for number, row in enumerate(table.slice(first, _TOGETHER).to_pylist(), first):
                try:
                    yield self.model(row)
                except ArchflowError as error:
                    raise ArchflowError(f"{source.text}: row {number}: {error}") from None
                except (TypeError, ValueError, LookupError, SyntaxError) as error:
                    raise ArchflowError(f"{source.text}: row {number} is damaged ({first_line(error)})") from None

    @abstractmethod
    def model(self, row: Row) -> ImportedModel:
        """The model of one row. A damaged row may raise any exception."""


def predecessors(row: Row, order: str | None = None) -> list[list[int]]:
    """The predecessors of each node, in the order of the edges, or of the numbers in a column.

    Raises ValueError for an edge that leads backwards, or from outside the graph.
    """
    count = len(row["ops"])
    found: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    places = row[order] if order else range(len(row["edge_src"]))
    for place, source, target in zip(places, row["edge_src"], row["edge_dst"], strict=True):
        if not 0 <= source < target < count:
            raise ValueError(f"the edge from {source} to {target} does not lead forwards")
        found[target].append((place, source))
    return [[source for _, source in sorted(edges)] for edges in found]
