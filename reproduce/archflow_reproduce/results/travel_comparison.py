"""Statistics of a result of `archflow bench travel`: means over runs and tables, ranks, differences, tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LEADERS = ("default", "without_encoders")
"""The first of these methods that was measured is compared with all others."""

LOWER = ("regret_at_10",)
"""Measures for which lower is better."""


@dataclass(frozen=True)
class Comparison:
    """One measure of M methods on T tables with one budget.

    Attributes:
        measure: Its name.
        methods, tables: Names.
        values, spread: (M, T) mean and population standard deviation over runs, NaN where not measured.
        families: (T,) families of the tables.
        ours: Names of archflow's methods.
    """

    measure: str
    methods: Sequence[str]
    tables: Sequence[str]
    values: Values
    spread: Values
    families: Sequence[str]
    ours: Sequence[str]

    @classmethod
    def of(cls, result: Mapping[str, Any], budget: str, measure: str = "tau") -> Comparison:
        """Extract a measure from a result of `run_travel`, for the methods that have it on any table."""
        tables = {name: t["cells"][str(t["labels"][budget])] for name, t in result["tables"].items()}
        measured = [m for cells in tables.values() for m, cell in cells.items() if cell["measures"].get(measure)]
        methods = list(dict.fromkeys(measured))
        shape = (len(methods), len(tables))
        values, spread = np.full(shape, np.nan), np.full(shape, np.nan)
        for column, cells in enumerate(tables.values()):
            for row, method in enumerate(methods):
                runs = cells.get(method, {"measures": {}})["measures"].get(measure)
                if runs:
                    values[row, column], spread[row, column] = np.mean(runs), np.std(runs)
        families = [table["family"] for table in result["tables"].values()]
        return cls(measure, methods, list(tables), values, spread, families, result["config"]["ours"])

    @property
    def sign(self) -> int:
        """1 if higher is better, otherwise -1."""
        return -1 if self.measure in LOWER else 1

    @cached_property
    def complete(self) -> NDArray[np.bool_]:
        """(M,) whether a method has a value on every table."""
        return np.asarray(np.isfinite(self.values).all(1))

    @cached_property
    def ranks(self) -> Values:
        """(M,) mean rank over the tables, 1 for the best, among the complete methods; NaN for the others."""
        from scipy.stats import rankdata

        ranks = np.full(len(self.methods), np.nan)
        if self.complete.any() and self.tables:
            ranks[self.complete] = rankdata(-self.sign * self.values[self.complete], axis=0).mean(1)
        return ranks

    def mean(self, family: str | None = None) -> Values:
        """(M,) means over the tables, or over those of a family; NaN for a method without a value on one of them."""
        chosen = np.array([family in (None, each) for each in self.families], bool)
        return self.values[:, chosen].mean(1) if chosen.any() else np.full(len(self.methods), np.nan)

    @property
    def leader(self) -> int | None:
        """The row of the method that is compared with all others; None if it was not measured."""
        return next((self.methods.index(name) for name in LEADERS if name in self.methods), None)

    def others(self, baselines: bool = False) -> NDArray[np.int64]:
        """The rows of all methods except the leader; with `baselines`, only of those that are not archflow's."""
        rows = [row for row in range(len(self.methods)) if row != self.leader]
        return np.array([row for row in rows if not (baselines and self.methods[row] in self.ours)], np.int64)

    def best(self, table: int, rows: NDArray[np.int64]) -> int | None:
        """The best of the given methods on a table; None if none was measured there."""
        rows = rows[np.isfinite(self.values[rows, table])]
        return int(rows[np.argmax(self.sign * self.values[rows, table])]) if len(rows) else None

    def behind_best_baseline(self) -> list[tuple[str, float, float]]:
        """Per table: its name, how far the leader is behind the best baseline, and the spread of that baseline."""
        found = []
        for column, table in enumerate(self.tables):
            best = self.best(column, self.others(baselines=True))
            if self.leader is not None and best is not None and np.isfinite(self.values[self.leader, column]):
                gap = self.sign * (self.values[best, column] - self.values[self.leader, column])
                found.append((table, float(gap), float(self.spread[best, column])))
        return found

    def difference(self, row: int, other: int) -> Values:
        """(T,) advantage of one method over another on every table that has both."""
        both = np.isfinite(self.values[row]) & np.isfinite(self.values[other])
        return self.sign * (self.values[row] - self.values[other])[both]


def signed_rank(differences: Values) -> float | None:
    """Two-sided p-value of Wilcoxon's signed-rank test; None if fewer than six differences are not zero."""
    from scipy.stats import wilcoxon

    differences = differences[differences != 0]
    if len(differences) < 6:
        return None
    return float(wilcoxon(differences).pvalue)  # pyright: ignore[reportAttributeAccessIssue]
