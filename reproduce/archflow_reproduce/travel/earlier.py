"""Runs that an earlier result of `archflow bench travel` contains, which are not measured again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow_reproduce.results.page import checked
from archflow_reproduce.results.record import read_record

Cells = dict[str, Any]
"""Method, or METHOD/PART -> its measures, means and commits."""


@dataclass(frozen=True)
class Earlier:
    """The cells of an earlier result. Whether a method has changed since, its commits must tell.

    Attributes:
        tables: Tables of the result by the fingerprint of their data.
        origin: The file, and when it was written; empty without an earlier result.
    """

    tables: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""

    @classmethod
    def read(cls, path: Path) -> Earlier:
        """Read a result file. Raises ArchflowError if it is damaged or not a result of this study."""
        record = read_record(path)
        if record.kind != "travel":
            raise ArchflowError(f"{path}: a result of `archflow bench {record.kind}`; name one of `bench travel`")
        checked(path, record)
        tables = {table.get("hash", ""): table for table in record.result["tables"].values()}
        return cls(tables, f"{path.name} of {record.date}")

    def cells(self, key: str, labels: int, method: str) -> Cells:
        """A method's cell on the table with this fingerprint, and those of its parts; empty without one."""
        cells = self.tables.get(key, {"cells": {}})["cells"].get(str(labels), {})
        if method not in cells:
            return {}
        return {method: cells[method], **{n: each for n, each in cells.items() if n.startswith(f"{method}/")}}

    def runs(self, key: str, labels: int, method: str) -> int:
        """The number of runs of a method, from the first one on."""
        cell = self.cells(key, labels, method).get(method)
        return len(next(iter(cell["measures"].values()))) if cell else 0


def joined(before: Cells, after: Cells, runs: tuple[int, int]) -> Cells:
    """Cells of the earlier and the later runs of a method as one.

    Parts and measures that only one of the two has are left out.

    Args:
        before, after: The cells.
        runs: The number of earlier and of later runs, which weight their means.
    """
    first, second = runs
    found: Cells = {}
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        found[name] = {
            "measures": {
                each: [*old["measures"][each], *new["measures"][each]] for each in _both(old, new, "measures")
            },
            "means": {
                each: round((first * old["means"][each] + second * new["means"][each]) / (first + second), 4)
                for each in _both(old, new, "means")
            },
            "commits": list(dict.fromkeys([*old.get("commits", []), *new["commits"]])),
        }
    return {name: found[name] for name in after if name in found}


def _both(old: Mapping[str, Any], new: Mapping[str, Any], part: str) -> list[str]:
    return [name for name in old[part] if name in new[part]]
