"""The rows of a table that a study may use, and the labels and test rows of every run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.graph.table import Table
from archflow_reproduce.protocol.runs import MODEL_SEEDS
from archflow_reproduce.travel.plain import plain_encoding, without_constants
from archflow_reproduce.travel.tables import Entry, measured

Rows = NDArray[np.int64]

PARTS = ("reported", "development")
"""Rows on which results are reported, and rows on which choices are made."""

DEVELOPMENT = 3
"""Number of tenths of the architectures on which choices are made; isomorphic architectures are on one side."""

BUDGETS = ("30", "1%", "5%")
LEAST, MOST = 30, 500
"""Smallest and largest number of labels for a fraction of the table."""

TESTED = 5000
"""Largest number of test architectures per run."""

PERMUTATIONS = (0, 1, 2)
"""Seeds of the permutations from which labels are drawn."""


class Pool:
    """The architectures of a table that a study draws from.

    Args:
        entry: The table.
        table: N architectures with only the columns that are known before training.
        labels: (N,) labels, better when higher.
        whole: Total number of measured rows in the table, to which percentages of labels refer.
    """

    def __init__(self, entry: Entry, table: Table, labels: NDArray[np.float64], whole: int) -> None:
        self.entry, self.table, self.labels, self.whole = entry, table, labels, whole
        self._features: dict[str, NDArray[np.float32]] = {}

    @classmethod
    def of(cls, entry: Entry, part: str) -> Pool:
        """The rows of one of the `PARTS`. Raises ArchflowError as `measured` does."""
        table, labels = measured(entry)
        rows = rows_of(table.architectures.hashes, part)
        return cls(entry, table.select(rows), labels[rows], len(table))

    def __len__(self) -> int:
        return len(self.table)

    def features(self, kind: str) -> NDArray[np.float32]:
        """(N, F) without constant columns: the plain encoding, the known columns, or a registered kind of features."""
        if kind not in self._features:
            if kind == "plain":
                found = plain_encoding(self.table.architectures)
            elif kind == "columns":
                columns = [values.astype(np.float32) for values in self.table.metrics.values()]
                found = without_constants(np.stack([np.zeros(len(self), np.float32), *columns], 1))
            else:
                found = without_constants(FEATURES.get(kind).of(self.table)(self.table))
            self._features[kind] = found
        return self._features[kind]

    def count(self, budget: str) -> int:
        """The number of labels of one of the `BUDGETS`."""
        return label_count(budget, self.whole)


def rows_of(hashes: NDArray[np.uint64], part: str) -> Rows:
    """The rows of one of the `PARTS`, from the hashes (N,) of all architectures.

    Raises ArchflowError for an unknown part.
    """
    if part not in PARTS:
        raise ArchflowError(f"rows {part!r}: there are {' and '.join(PARTS)}")
    development = hashes % np.uint64(10) < DEVELOPMENT
    return np.flatnonzero(development if part == "development" else ~development)


def label_count(budget: str, rows: int) -> int:
    """The number of labels of a budget: a count, or with % a fraction of the measured rows, from `LEAST` to `MOST`.

    Raises:
        ArchflowError: If the budget is neither.
    """
    number = budget.removesuffix("%")
    try:
        value = float(number) if number != budget else int(number)
    except ValueError:
        value = 0
    if not 0 < value < 1e9 or (number != budget and value > 100):
        raise ArchflowError(f"labels {budget!r}: give a count such as 30, or a percentage such as 1%")
    return int(value) if number == budget else min(max(round(value / 100 * rows), LEAST), MOST)


@dataclass(frozen=True)
class Task:
    """The input of a method in a run.

    Attributes:
        pool: The architectures. A method may use all of them, but only the labels of `labelled`.
        labelled: (n,) rows whose labels it may use, including those that it holds out.
        test: (m,) rows on which it is evaluated.
        seed: Seed of every random draw of the method.
        folder: Stores what runs of the same table and seed share, such as pre-trained encoders.
    """

    pool: Pool
    labelled: Rows
    test: Rows
    seed: int
    folder: Path

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """(n,) the labels, better when higher."""
        return self.pool.labels[self.labelled]

    @property
    def truth(self) -> NDArray[np.float64]:
        """(m,) the labels of the test rows."""
        return self.pool.labels[self.test]

    @property
    def known(self) -> Table:
        """The n labelled architectures."""
        return self.pool.table.select(self.labelled)

    @property
    def candidates(self) -> Table:
        """The m architectures to predict."""
        return self.pool.table.select(self.test)


def draw(pool: Pool, labels: int, run: int, folder: Path) -> Task:
    """The task of a run: three runs have three permutations and three model seeds, nine have all pairs of them.

    A smaller set of labels is a prefix of a larger one, and the test rows are the same as far as the pool is large
    enough.

    Raises:
        ArchflowError: If there are more labels than half of the pool.
    """
    permutation, seed = run % 3, MODEL_SEEDS[(run + run // 3) % 3]
    return drawn(pool, labels, PERMUTATIONS[permutation], seed, folder)


def drawn(pool: Pool, labels: int, order_seed: int, seed: int, folder: Path) -> Task:
    """The task whose labels are a prefix of a permutation, with the method's seed. Raises as `draw` does."""
    if labels > len(pool) // 2:
        raise ArchflowError(f"{pool.entry.name}: {labels} labels of {len(pool)} architectures leave too few to test")
    order = np.random.default_rng(order_seed).permutation(len(pool))
    return Task(pool, order[:labels], order[labels:][-TESTED:], seed, folder)
