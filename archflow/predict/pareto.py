"""Pareto fronts and hypervolumes. All objectives are better when higher."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Values = NDArray[np.float64]


def first_front(values: Values) -> Ints:
    """Rows (ascending) of values (N, M) that no other row dominates; equal rows are all included."""
    with np.errstate(invalid="ignore"):  # the order only matters for speed
        left = np.argsort(-values.sum(1), kind="stable")
    at = 0
    while at < len(left):
        rows, row = values[left], values[left[at]]
        kept = np.logical_not((rows <= row).all(1) & (rows < row).any(1))
        at = int(np.count_nonzero(kept[: at + 1]))
        left = left[kept]
    return np.sort(left)


def fronts(values: Values, enough: int | None = None) -> Ints:
    """(N,) front of each row: 0 if no row dominates it, 1 if only rows of front 0 do, and so on.

    Once `enough` rows have a front, the others get the next number together.

    Source: Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002, section III.A.
    """
    number, left, front = np.empty(len(values), np.int64), np.arange(len(values)), 0
    while len(left) and (enough is None or len(values) - len(left) < enough):
        rows = left[first_front(values[left])]
        number[rows] = front
        left, front = np.setdiff1d(left, rows), front + 1
    number[left] = front
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
    """The volume above 0 of rows (N, M)."""
    if values.shape[1] == 1:
        return float(values.max())
    if values.shape[1] == 2:
        ordered = values[np.argsort(-values[:, 0])]
        heights = np.maximum.accumulate(ordered[:, 1])
        gained = np.diff(heights, prepend=0.0)
        return float((ordered[:, 0] * gained).sum())
    ordered = values[np.argsort(-values[:, -1])]
    depths = ordered[:, -1] - np.append(ordered[1:, -1], 0.0)
    return float(sum(depth * _volume(ordered[:n, :-1]) for n, depth in enumerate(depths, 1) if depth > 0))


def hypervolume_gains(values: Values, front: Values, reference: ArrayLike) -> Values:
    """(S,) the volume that each of S rows (S, M) alone adds to that of a front (N, M), above a reference point (M,).

    Exact: the part that the front leaves free is cut into slabs along the last objective, between its values in the
    front, and each slab along the others.
    """
    corner = np.asarray(reference, np.float64)
    above = front[(front > corner).all(1)]
    return _gains(np.maximum(values - corner, 0.0), above[first_front(above)] - corner)


def _gains(values: Values, front: Values) -> Values:
    """(S,) the volume above 0 of each row (S, M) outside the volume of a front (N, M)."""
    if values.shape[1] == 1:
        return np.maximum(values[:, 0] - front.max(initial=0.0), 0.0)
    ordered = front[np.argsort(-front[:, -1])]
    upper = np.concatenate([[np.inf], ordered[:, -1]])  # of N + 1 slabs; the n-th meets the n first rows
    lower = np.append(upper[1:], 0.0)
    depths = np.clip(values[:, -1:], lower, upper) - lower  # (S, N + 1)
    if values.shape[1] == 2:
        covered = np.append(0.0, np.maximum.accumulate(ordered[:, 0]))
        return (depths * np.maximum(values[:, :1] - covered, 0.0)).sum(1)
    gained = np.zeros(len(values))
    for n in np.flatnonzero(upper > lower):
        rows = np.flatnonzero(depths[:, n])
        gained[rows] += depths[rows, n] * _gains(values[rows, :-1], ordered[:n, :-1])
    return gained
