"""What a method is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.registry import Registry
from archflow_reproduce.latency.tables.base import LatencyTable

Rows = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class LatencyTask:
    """One draw of labels of a table.

    Attributes:
        of: The table. A method may look at all architectures and costs, at no latency but those of `learnt`.
        learnt: (n,) rows whose latency it learns from.
        judged: (m,) rows that it predicts; none has the structure of one in `learnt`.
        seed: Of everything that the method draws.
        folder: Keeps what runs of the same table and seed share, such as pre-trained encoders.
    """

    of: LatencyTable
    learnt: Rows
    judged: Rows
    seed: int
    folder: Path

    @property
    def known(self) -> Table:
        """The n labelled networks."""
        return self.of.table.select(self.learnt)

    @property
    def y(self) -> Values:
        """(n,) their latencies in milliseconds."""
        return self.of.latency[self.learnt]

    @property
    def candidates(self) -> Table:
        """The m networks to predict."""
        return self.of.table.select(self.judged)

    @property
    def truth(self) -> Values:
        """(m,) the latencies that the method is judged by."""
        return self.of.latency[self.judged]


Method = Callable[[LatencyTask], Values]
"""Predicts the latencies (m,) of a task's candidates in milliseconds. Raises ArchflowError where it cannot be used."""

METHODS: Registry[Method] = Registry("method", "archflow_reproduce.latency.methods")
"""Methods by name; a name with a slash begins with its kind, such as `baseline/flops`."""


def chosen_methods(names: Sequence[str]) -> list[str]:
    """The methods that are named, by name or by a pattern such as `baseline/*`; all without names.

    Raises:
        ArchflowError: A name fits none.
    """
    known = METHODS.names()
    found: dict[str, None] = {}
    for name in names or ["*"]:
        fitting = [each for each in known if fnmatchcase(each, name)]
        if not fitting:
            METHODS.get(name)
        found |= dict.fromkeys(fitting)
    return list(found)


def drawn(table: LatencyTable, labels: int, draw: int, folder: Path) -> LatencyTask:
    """The task of one draw: fewer labels are the first of more.

    Raises:
        ArchflowError: Too few rows of other structures are left to judge.
    """
    order = np.random.default_rng(draw).permutation(len(table.table))
    learnt, rest = order[:labels], order[labels:]
    judged = np.sort(rest[~np.isin(table.structures[rest], table.structures[learnt])])
    if len(judged) < LEAST:
        raise ArchflowError(
            f"{table.name}: {labels} labels of {len(order)} rows leave {len(judged)} of other structures; "
            f"{LEAST} are needed to judge"
        )
    return LatencyTask(table, learnt, judged, SEED + draw, folder)


LEAST = 20
"""Rows to judge, at least."""

SEED = 21
"""Of the methods in the first draw."""
