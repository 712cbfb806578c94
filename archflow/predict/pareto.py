"""Pareto fronts and hypervolumes. All objectives are better when higher."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Values = NDArray[np.float64]


def first_front(values: Values) -> Ints:
    """Rows (ascending) of values (N, M) that no other row dominates; equal rows are all included."""
    kept = np.ones(len(values), bool)
    for row in np.lexsort(-values.T[::-1]):
        if kept[row]:
            worse = (values <= values[row]).all(1) & (values < values[row]).any(1)
            kept &= ~worse
    return np.flatnonzero(kept)


def fronts(values: Values) -> Ints:
    """(N,) front of each row: 0 if no row dominates it, 1 if only rows of front 0 do, and so on.

    Source: Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002, section III.A.
    """
    number, left, front = np.empty(len(values), np.int64), np.arange(len(values)), 0
    while len(left):
        rows = left[first_front(values[left])]
        number[rows] = front
        left, front = np.setdiff1d(left, rows), front + 1
    return number


def crowding(values: Values) -> Values:
    """(N,) the crowding distance of rows (N, M) of one front; infinite at the ends of each objective.

    Source: NSGA-II, section III.B.
    """
    found = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        found[order[[0, -1]]] = np.inf
        if span > 0 and len(order) > 2:
            found[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return found


def hypervolume(values: Values, reference: ArrayLike) -> float:
    """The volume that rows (N, M) dominate above a reference point (M,).

    Exact, by slicing along the last objective; suitable for M up to about 5 and fronts of a few hundred rows.
    """
    corner = np.asarray(reference, np.float64)
    above = values[(values > corner).all(1)]
    return _volume(above[first_front(above)] - corner) if len(above) else 0.0


def _volume(values: Values) -> float:
    """The volume above 0 of rows (N, M) that do not dominate each other."""
    if values.shape[1] == 1:
        return float(values.max())
    if values.shape[1] == 2:
        ordered = values[np.argsort(-values[:, 0])]
        heights = np.maximum.accumulate(ordered[:, 1])
        gained = np.diff(heights, prepend=0.0)
        return float((ordered[:, 0] * gained).sum())
    ordered = values[np.argsort(-values[:, -1])]
    depths = ordered[:, -1] - np.append(ordered[1:, -1], 0.0)
    total = 0.0
    for count, depth in enumerate(depths, 1):
        if depth > 0:
            part = ordered[:count, :-1]
            total += depth * _volume(part[first_front(part)])
    return total
