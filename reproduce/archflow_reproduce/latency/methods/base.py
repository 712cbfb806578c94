"""The contract of a method: its task and its predictions."""

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
    """One draw of labels from a table.

    Attributes:
        of: The table. A method may use all architectures and costs, but only the latencies of `learnt`.
        learnt: (n,) rows with known latency.
        judged: (m,) rows to predict; none has the structure of a row in `learnt`.
        seed: Seed of all random choices of the method.
        folder: Caches what runs with the same table and seed share, such as pre-trained encoders.
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
        """Their latencies (n,) in milliseconds."""
        return self.of.latency[self.learnt]

    @property
    def candidates(self) -> Table:
        """The m networks to predict."""
        return self.of.table.select(self.judged)

    @property
    def truth(self) -> Values:
        """The true latencies (m,) of the candidates."""
        return self.of.latency[self.judged]


Method = Callable[[LatencyTask], Values]
"""Predicts the latencies (m,) of a task's candidates in milliseconds. Raises ArchflowError where it cannot be used."""

METHODS: Registry[Method] = Registry("method", "archflow_reproduce.latency.methods")
"""Methods by name; a name with a slash begins with its kind, such as `baseline/flops`."""


def chosen_methods(names: Sequence[str]) -> list[str]:
    """Select methods by name or by patterns such as `baseline/*`; all of them if no name is given.

    Raises:
        ArchflowError: If a name matches no method.
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
    """Draw the labels of one task; with fewer labels, they are the first ones of a larger draw.

    Raises:
        ArchflowError: If too few rows of other structures are left to judge on.
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
"""The fewest rows to judge on."""

SEED = 21
"""Seed of the methods in the first draw."""
