"""Splits by family of architectures: within all families, and with one left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph.table import Table

Rows = NDArray[np.int64]


class FamilySplit(NamedTuple):
    """Rows of a table.

    Attributes:
        name: The family that is left out, or "in domain".
        learnt: Rows for training; part of them selects the checkpoint.
        judged: Rows for evaluation only; they select nothing.
    """

    name: str
    learnt: Rows
    judged: Rows


def leave_family_out(table: Table, column: str = "family") -> Iterator[FamilySplit]:
    """Make a split for each family: train on all others, evaluate on it.

    Source: the out-of-domain protocol of Liu et al. (NNLQP), ICPP 2022, with 2,000 networks in each of ten families.

    Args:
        table: N rows.
        column: The column of texts that names each row's family.

    Raises:
        ArchflowError: If there is no such column, a row names no family, or there is only one.
    """
    names, member = _families(table, column)
    for number, name in enumerate(names):
        yield FamilySplit(name, np.flatnonzero(member != number), np.flatnonzero(member == number))


def in_domain(table: Table, column: str = "family", judged: int = 200, seed: int = 0) -> FamilySplit:
    """Hold out the same number of rows of each family, drawn at random.

    Source: as `leave_family_out`; 1,800 rows of each family for training and 200 for evaluation.

    Args:
        table: N rows.
        column: The column of texts that names each row's family.
        judged: Rows of each family to evaluate on.
        seed: Random seed. NNLQP has a fixed split: to use it, select rows by its column instead.

    Raises:
        ArchflowError: As `leave_family_out`, or if a family has no row left for training.
    """
    names, member = _families(table, column)
    count, generator = whole("judged", judged, 1), np.random.default_rng(whole("seed", seed, 0))
    held = []
    for number, name in enumerate(names):
        rows = generator.permutation(np.flatnonzero(member == number))
        if len(rows) <= count:
            raise ArchflowError(f"family {name!r} has {len(rows)} rows, {count} of them to judge by; judge by fewer")
        held.append(rows[:count])
    found = np.sort(np.concatenate(held))
    return FamilySplit("in domain", np.setdiff1d(np.arange(len(table)), found), found)


def _families(table: Table, column: str) -> tuple[list[str], NDArray[np.int64]]:
    """The families, and the number of each row's."""
    if column not in table.column_names:
        raise ArchflowError(f"the table has no column {column!r}; name the one that says each row's family")
    texts = table.texts(column)
    if None in texts:
        raise ArchflowError(f"row {texts.index(None)}: {column} is empty; name its family, or leave the row out")
    names = sorted({str(text) for text in texts})
    place = {name: number for number, name in enumerate(names)}
    if len(names) < 2:
        raise ArchflowError(f"{column}: all rows are of one family; there is nothing to leave out")
    return names, np.array([place[str(text)] for text in texts], np.int64)
