"""Splits of a table into architectures to learn from and architectures to judge on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import number, whole
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.spaces import SPACES

Rows = NDArray[np.int64]

PERMUTATIONS = (None, 2021, 202121)
"""Seeds of FGP's three orders of the data; None is the order of the table."""


@dataclass(frozen=True)
class Split:
    """Rows of a table.

    Attributes:
        labelled: Rows whose labels are used for training; the first of the train part.
        validation: Rows that select the checkpoint.
        test: The rest of the test part.
    """

    labelled: Rows
    validation: Rows
    test: Rows

    def train_part(self, count: int) -> Rows:
        """The rows of a table of `count` that could have been labelled.

        These are the rows for neither validation nor test, unless the labelled rows are themselves in the test set.
        """
        judged = () if np.isin(self.labelled, self.test).any() else self.test
        return np.setdiff1d(np.arange(count), np.r_[self.validation, judged].astype(np.int64))


def isomorphism_classes(table: Table) -> Rows:
    """(N,) class number of each row.

    If the rows are cells of a known space, the class is given by the space's canonical form: two NAS-Bench-201 cells
    with different graphs can be the same network. Otherwise it is given by the graph's hash.

    Raises:
        ArchflowError: If only some rows of such cells have their native string; the message names the first without.
    """
    if table.native is not None:
        for name in SPACES.names():
            space = SPACES.get(name)()
            try:
                space.conform(table.architectures)
                canonical = [space.canonical(space.parse(text)) for text in table.native if text]
            except ArchflowError:
                continue
            if "" in table.native:
                raise ArchflowError(
                    f"row {table.native.index('')}: native is empty, but tells the classes of {name}; give all or none"
                )
            return np.unique(np.array(canonical), return_inverse=True)[1]
    return np.unique(table.architectures.hashes, return_inverse=True)[1]


def pool(count: int, train: int, test: int, shuffled: bool = False, seed: int = 0) -> Rows:
    """The rows to use.

    These are all rows in order if train + test needs them all and they need not be `shuffled`, and otherwise a uniform
    draw.
    """
    if train + test > count:
        raise ArchflowError(
            f"train {train} + test {test} is more than the {count} labelled architectures; ask for fewer"
        )
    if train + test == count and not shuffled:
        return np.arange(count)
    return np.random.RandomState(seed).permutation(count)[: train + test]


def split(order: Rows, train: int, labels: int, validation: int, classes: Rows | None = None) -> Split:
    """FGP's split of ordered rows.

    The first `train` rows are the train part, whose first `labels` are labelled. The first `validation` of the rest
    select the checkpoint, and the remaining rows are the test set.

    Args:
        order: Rows of the table, in order.
        train, labels, validation: Numbers of rows.
        classes: (N,) class of each row of the table. If given, whole classes go to one side; the train part then ends
            with the class that fills it.

    Raises:
        ArchflowError: If a part would be too small to rank.
    """
    if classes is not None and 0 < train <= len(order):
        first_seen = np.unique(classes[order], return_index=True)[1]
        rank = np.empty(classes.max() + 1, np.int64)
        rank[classes[order][np.sort(first_seen)]] = np.arange(len(first_seen))
        order = order[np.argsort(rank[classes[order]], kind="stable")]
        last = classes[order[train - 1]]
        train = int(np.flatnonzero(classes[order] == last)[-1]) + 1
    parts = Split(order[: min(labels, train)], order[train : train + validation], order[train + validation :])
    for name, rows in vars(parts).items():
        if len(rows) < 2:
            raise ArchflowError(f"split: {len(rows)} architectures in the {name} part; at least two are needed")
    return parts


def split_by_size(
    sizes: NDArray[np.float64], train: int, labels: int, validation: int, seed: int = 0
) -> tuple[Split, float]:
    """Split by size, the smallest architectures to learn from and the larger ones to judge on: a test of extrapolation.

    Architectures of one size stay on one side; the train part ends with the size that fills it. Within both parts the
    order is random.

    Args:
        sizes: (N,) node counts, parameters or another cost of each row of the table; rows with NaN are left out.
        train: The least number of architectures in the train part. labels, validation: As in `split`.

    Returns:
        The split, and the largest size of the train part.

    Raises ArchflowError if a part would be too small to rank.
    """
    order = np.random.RandomState(seed).permutation(np.flatnonzero(~np.isnan(sizes)))
    if not 0 < train < len(order):
        raise ArchflowError(f"split: {train} of {len(order)} architectures in the train part; leave some for the test")
    largest = np.sort(sizes[order])[train - 1]
    small = sizes[order] <= largest
    order = np.concatenate([order[small], order[~small]])
    return split(order, int(small.sum()), labels, validation), float(largest)


def shared_classes(classes: Rows, learnt: Rows, judged: Rows) -> int:
    """How many of the `judged` rows are isomorphic to one of the `learnt`."""
    return int(np.isin(classes[judged], classes[learnt]).sum())


def label_count(labels: float, of: int) -> int:
    """Convert a fraction (below 1, rounded down as in FGP: 1 % of 7,290 are 72) or a count to a number of labels.

    Raises ArchflowError for anything else.
    """
    labels = number("labels", labels, above=0)
    return int(labels * of + 1e-9) if labels < 1 else whole("labels", labels, 1)


def labelled_rows(values: NDArray[np.float64], labels: float | None, seed: int) -> Rows:
    """Rows with a value: all if `labels` is None, else a random draw of that fraction (below 1) or count.

    Raises ArchflowError if there are fewer than two rows, or fewer than requested.
    """
    rows = np.flatnonzero(np.isfinite(values))
    count = len(rows) if labels is None else label_count(labels, len(rows))
    if len(rows) < 2:
        raise ArchflowError(f"labels: {len(rows)} of {len(values)} architectures are measured; measure more of them")
    if count < 2 or count > len(rows):
        raise ArchflowError(f"labels: {count} of {len(rows)} measured architectures; give at least 2 and at most all")
    return rows if labels is None else np.sort(np.random.default_rng(seed).permutation(rows)[:count])
