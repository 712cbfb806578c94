"""Which architectures are looked at: filters, regions of the map, neighbours, Pareto fronts, and files of them.

A choice is a small JSON object, such as `{"kind": "nearest", "row": 5, "count": 20}`, which stays with the page; its
rows are found when they are needed, so that a region of a million points is never sent back and forth.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.explore.explored import Explored
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.graph.table import Table
from archflow.predict.pareto import first_front
from archflow.printable import shown

Rows = NDArray[np.int64]


def filtered(explored: Explored, rule: Mapping[str, Any] | None) -> Rows:
    """The rows, ascending, that keep a rule.

    Args:
        explored: What is looked at.
        rule: `column` with `low` and `high` (None for no end) or, for a column of texts, `texts`; and `words`, which a
            row's name contains. Rows whose value is missing keep no rule on it. None for all rows.
    """
    kept = np.ones(len(explored), bool)
    rule = rule or {}
    column = rule.get("column")
    if column in explored.categories:
        wanted = set(rule.get("texts") or ())
        if wanted:
            kept &= np.array([text in wanted for text in explored.table.texts(column)], bool)
    elif column:
        values = explored.values(column)
        for end, inside in (("low", np.greater_equal), ("high", np.less_equal)):
            if rule.get(end) is not None:
                kept &= inside(values, float(rule[end]))
    words = (rule.get("words") or "").strip()
    if words:
        kept &= np.array([words in explored.table.called(row) for row in range(len(explored))], bool)
    return np.flatnonzero(kept)


def chosen(explored: Explored, choice: Mapping[str, Any] | None, rule: Mapping[str, Any] | None) -> Rows:
    """The rows of a choice, in its order, that also keep the rule of a filter; without a choice, all that keep it."""
    rows = filtered(explored, rule)
    if not choice:
        return rows
    if choice["kind"] == "region":
        x, y = (explored.values(name)[rows] for name in choice["axes"])
        return rows[inside(x, y, choice["x"], choice["y"])]
    if choice["kind"] == "front":
        return front(explored, choice["columns"], rows)
    if choice["kind"] == "nearest":
        return nearest(explored, int(choice["row"]), int(choice["count"]), rows)
    raise ArchflowError(f"{shown(choice['kind'])}: is not a kind of choice")


def inside(x: ArrayLike, y: ArrayLike, across: Sequence[float], up: Sequence[float]) -> NDArray[np.bool_]:
    """(N,) whether each point `x`, `y` lies within the polygon with the corners `across`, `up`, by crossing number.

    Two corners are the opposite ones of a rectangle.
    """
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    left, right, bottom, top = min(across), max(across), min(up), max(up)
    found = (px >= left) & (px <= right) & (py >= bottom) & (py <= top)
    if len(across) == 2:
        return found
    candidates = np.flatnonzero(found)
    px, py = px[candidates], py[candidates]
    odd = np.zeros(len(candidates), bool)
    for x0, y0, x1, y1 in zip(across, up, np.roll(across, -1), np.roll(up, -1), strict=True):
        if y0 == y1:
            continue  # a horizontal side is crossed by no horizontal ray
        odd ^= ((y0 > py) != (y1 > py)) & (px < (x1 - x0) * (py - y0) / (y1 - y0) + x0)
    found[candidates] = odd
    return found


def nearest(explored: Explored, row: int, count: int, rows: Rows | None = None) -> Rows:
    """The `count` rows nearest to one, in the vectors behind the map, itself first.

    Raises:
        ArchflowError: If there is no such row.
    """
    checked_row(explored, row)
    among = np.arange(len(explored)) if rows is None else rows[rows != row]
    among = among[among != row]
    away = explored.vectors[among] - explored.vectors[row]
    distance = np.einsum("nd,nd->n", away, away)
    first = np.argpartition(distance, count - 1)[:count] if count < len(among) else np.arange(len(among))
    first = first[np.lexsort((among[first], distance[first]))]
    return np.concatenate([[row], among[first]]).astype(np.int64)


def front(explored: Explored, columns: Sequence[str], rows: Rows | None = None) -> Rows:
    """The rows that no other one beats in all of the columns, ordered by the first; rows without a value are left out.

    Raises:
        ArchflowError: If no column is given.
    """
    if not columns:
        raise ArchflowError("Pareto front: choose the columns that should be good")
    rows = np.arange(len(explored)) if rows is None else rows
    values = np.stack([explored.sign(name) * explored.values(name)[rows] for name in columns], 1)
    there = np.isfinite(values).all(1)
    rows, values = rows[there], values[there].astype(np.float64)
    found = first_front(values)
    return rows[found[np.argsort(-values[found, 0], kind="stable")]]


def checked_row(explored: Explored, row: Any) -> int:
    """A row's number. Raises ArchflowError if there is no such row."""
    if not isinstance(row, int) or not 0 <= row < len(explored):
        raise ArchflowError(f"row {shown(row)}: there is none; rows are numbered from 0 to {len(explored) - 1:,}")
    return row


def written(table: Table, ending: str) -> bytes:
    """A table as the content of a file with this ending.

    Raises:
        ArchflowError: If it has no row, or tables have no such ending.
    """
    if not len(table):
        raise ArchflowError("no architecture is selected; there is nothing to write")
    if ending not in TABLE_ENDINGS:
        raise ArchflowError(f"{shown(ending)}: tables end in {', '.join(TABLE_ENDINGS)}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"table{ending}")
        table.write(path)
        return path.read_bytes()
