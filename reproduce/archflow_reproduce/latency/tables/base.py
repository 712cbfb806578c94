"""The contract of a latency table, and how the study finds one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.devices.units import checked_latencies
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.kind_costs import structures
from archflow.registry import Registry


@dataclass(frozen=True)
class LatencyTable:
    """Networks with their latency on one device.

    Attributes:
        name: Name of table and device, such as `paddlex/t4`.
        table: N rows; its columns are the costs that every method may use (`params`, `macs`, `bytes`).
        latency: (N,) milliseconds, all positive.
    """

    name: str
    table: Table
    latency: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len(checked_latencies(self.name, self.latency)) != len(self.table):
            raise ArchflowError(f"{self.name}: {len(self.latency)} latencies for {len(self.table)} rows")

    @cached_property
    def structures(self) -> NDArray[np.int64]:
        """Structure of each row (N,): a number for its operations and edges, regardless of attributes.

        No structure is on both sides of a split.
        """
        return structures(self.table)

    @cached_property
    def key(self) -> str:
        """Fingerprint of the rows, their costs and their latencies."""
        columns = [part for name, values in self.table.metrics.items() for part in (name, values)]
        return fingerprint(self.name, self.table.architectures.hashes, self.latency, *columns)


Source = Callable[[], Sequence[LatencyTable]]
"""Return the tables of one source. Raises ArchflowError if they are not on this machine."""

TABLES: Registry[Source] = Registry("table of latencies", "archflow_reproduce.latency.tables")
"""Sources by name; a table's name begins with that of its source, and a slash."""


def sources_of(names: Sequence[str]) -> list[str]:
    """Select the sources of the named tables; all of them if no name is given.

    Raises:
        ArchflowError: If a name does not begin with the name of a source.
    """
    wanted = dict.fromkeys(name.partition("/")[0] for name in names) or dict.fromkeys(TABLES.names())
    for name in wanted:
        TABLES.get(name)
    return list(wanted)


def chosen_tables(source: str, names: Sequence[str]) -> list[LatencyTable]:
    """Select tables of a source by its name or by patterns such as `paddlex/*`; all of them if no name is given.

    Raises:
        ArchflowError: If a name matches none of them, or they are not on this machine.
    """
    tables = TABLES.get(source)()
    named = [name for name in names if name.partition("/")[0] == source]
    if not named or source in named:
        return list(tables)
    for name in named:
        if not any(fnmatchcase(table.name, name) for table in tables):
            raise ArchflowError(
                f"no table is called {name!r}; of {source} there are: {', '.join(each.name for each in tables)}"
            )
    return [table for table in tables if any(fnmatchcase(table.name, name) for name in named)]
