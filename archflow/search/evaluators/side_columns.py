"""Tables next to a benchmark's table, with further measurements of the same architectures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.search.evaluators.named import known_name

KEY = "arch_id"


@dataclass
class SideColumns:
    """Columns of other files, read on first use.

    Attributes:
        files: Column name -> the file that contains it, keyed by `arch_id`.
    """

    files: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def beside(cls, path: Path, name: str) -> SideColumns:
        """Find the columns of the files `NAME_*.parquet` next to a benchmark's table.

        Files without `arch_id`, and files with graphs, are ignored.
        """
        import pyarrow as pa
        from pyarrow import parquet

        found = cls()
        for file in sorted(path.parent.glob(f"{name}_*.parquet")):
            try:
                names = parquet.read_schema(file).names
            except (pa.ArrowException, OSError):
                continue  # not a table
            if KEY in names and "ops" not in names:
                for column in names:
                    found.files.setdefault(column, file)
        return found

    def joined_to(self, table: Table) -> Joined:
        """Join the columns of these files to the rows of a table."""
        return Joined(table, self.files if KEY in table.metrics else {})


@dataclass
class Joined:
    """Numeric columns of N rows by name, from a table or from the files next to it."""

    table: Table
    files: Mapping[str, Path]
    _read: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All names, the table's own first."""
        return [*self.table.metrics, *(name for name in self.files if name not in self.table.metrics and name != KEY)]

    def __contains__(self, name: str) -> bool:
        return name in self.files or name in self.table.metrics

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """(N,) values, NaN where not measured.

        Raises ArchflowError and suggests the nearest name if the column does not exist.
        """
        if name in self.table.metrics:
            return self.table.metric(name)
        if name not in self.files:
            known_name("metric", name, self.names)
        if name not in self._read:
            self._read[name] = _column(self.files[name], name, self.table.metric(KEY))
        return self._read[name]


def _column(path: Path, name: str, keys: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read one column of a file for the keys (N,); NaN where the file does not have the key."""
    from pyarrow import parquet

    read = parquet.read_table(path, columns=[KEY, name])
    known = read[KEY].to_numpy().astype(np.float64)
    try:
        values = read[name].to_numpy().astype(np.float64)
    except (TypeError, ValueError):
        raise ArchflowError(f"{path}: the column {name} is not numeric; name another metric") from None
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], keys), len(known) - 1)
    rows = order[place]
    return np.where(known[rows] == keys, values[rows], np.nan)
