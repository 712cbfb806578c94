"""A space in two, each half in two, and so on: the learnt hierarchies that a tree search descends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

LLOYD = 10
"""Rounds of 2-means; more change little."""

RIDGE = 1.0
"""Penalty of the regression that splits by values; embeddings may have more numbers than there are results."""

Cut = tuple[Values, float]
"""(w, b): x (d,) is in the upper half if w . x > b."""


class Partition:
    """A binary tree over embeddings. Its nodes have numbers: 1 is the root, 2 i and 2 i + 1 are the halves of i.

    Args:
        x: (N, d) what is split.
        cut: Rows (n,) of x -> where to cut them; None to leave them together.
        height: Cuts from the root to a leaf, at most.
    """

    def __init__(self, x: Values, cut: Callable[[Ints], Cut | None], height: int) -> None:
        self._cuts: dict[int, Cut] = {}
        waiting = [(1, np.arange(len(x)))]
        for node, rows in waiting:  # which grows meanwhile
            found = cut(rows) if node < 2**height else None
            if found is None:
                continue
            upper = x[rows] @ found[0] > found[1]
            if upper.all() or not upper.any():
                continue
            self._cuts[node] = found
            waiting += [(2 * node, rows[~upper]), (2 * node + 1, rows[upper])]

    def __contains__(self, node: int) -> bool:
        """Whether the node has halves."""
        return node in self._cuts

    def leaves(self, x: Values) -> Ints:
        """(N,) the leaf of each row of x (N, d), which need not be among those that were split."""
        node = np.ones(len(x), np.int64)
        for number, (weights, bound) in self._cuts.items():  # a node comes after the one that it is half of
            rows = np.flatnonzero(node == number)
            node[rows] = 2 * number + (x[rows] @ weights > bound)
        return node


def below(leaves: Ints, node: int) -> NDArray[np.bool_]:
    """(N,) which leaves are a node, or in it."""
    depth = np.frexp(leaves)[1] - int(node).bit_length()
    return (leaves >> np.maximum(depth, 0) == node) & (depth >= 0)


def by_clusters(x: Values, least: int) -> Callable[[Ints], Cut | None]:
    """Cuts between the two clusters of 2-means, which begins on both sides of the mean along the first principal
    component; groups of fewer than 2 `least` rows stay together. Values are not looked at."""

    def cut(rows: Ints) -> Cut | None:
        some = x[rows]
        if len(rows) < 2 * least:
            return None
        centred = some - some.mean(0)
        direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        direction *= np.sign(direction[np.abs(direction).argmax()])
        upper = centred @ direction > 0
        found = None
        for _ in range(LLOYD):
            if min(upper.sum(), (~upper).sum()) < 1:
                break
            high, low = some[upper].mean(0), some[~upper].mean(0)
            found = (high - low, float(high @ high - low @ low) / 2)
            upper = some @ found[0] > found[1]
        return found

    return cut


def by_values(x: Values, y: Values, least: int) -> Callable[[Ints], Cut | None]:
    """Cuts at the mean of what a ridge regression of y (N,) on x (N, d) predicts: the upper half promises more. Groups
    of fewer than 2 `least` rows, or of equal values, stay together."""

    def cut(rows: Ints) -> Cut | None:
        if len(rows) < 2 * least or np.ptp(y[rows]) == 0:
            return None
        some, target = x[rows], y[rows]
        centred = some - some.mean(0)
        gram = centred @ centred.T + RIDGE * np.eye(len(rows))
        weights = centred.T @ np.linalg.solve(gram, target - target.mean())
        return weights, float(some.mean(0) @ weights)

    return cut
