"""Recursive partitions of a space: the learnt hierarchies for tree search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

LLOYD = 10
"""Iterations of 2-means; more have little effect."""

RIDGE = 1.0
"""Ridge penalty of the regression that splits by values; embeddings may have more dimensions than there are results."""

Cut = tuple[Values, float]
"""(w, b): x (d,) is in the upper half if w . x > b."""


class Partition:
    """A binary tree over embeddings. Node 1 is the root; nodes 2 i and 2 i + 1 are the halves of node i.

    Args:
        x: (N, d) embeddings to split.
        cut: Rows (n,) of x -> the cut between them; None if they are not split.
        height: Largest number of cuts from the root to a leaf.
    """

    def __init__(self, x: Values, cut: Callable[[Ints], Cut | None], height: int) -> None:
        self._cuts: dict[int, Cut] = {}
        waiting = [(1, np.arange(len(x)))]
        for node, rows in waiting:  # grows during the loop
            found = cut(rows) if node < 2**height else None
            if found is None:
                continue
            upper = x[rows] @ found[0] > found[1]
            if upper.all() or not upper.any():
                continue
            self._cuts[node] = found
            waiting += [(2 * node, rows[~upper]), (2 * node + 1, rows[upper])]

    def __contains__(self, node: int) -> bool:
        """Whether the node is split."""
        return node in self._cuts

    def leaves(self, x: Values) -> Ints:
        """(N,) the leaf of each row of x (N, d), which need not be among the rows that were split."""
        node = np.ones(len(x), np.int64)
        for number, (weights, bound) in self._cuts.items():  # parents come before their halves
            rows = np.flatnonzero(node == number)
            node[rows] = 2 * number + (x[rows] @ weights > bound)
        return node


def below(leaves: Ints, node: int) -> NDArray[np.bool_]:
    """(N,) whether each leaf is the node or a descendant of it."""
    depth = np.frexp(leaves)[1] - int(node).bit_length()
    return (leaves >> np.maximum(depth, 0) == node) & (depth >= 0)


def by_clusters(x: Values, least: int) -> Callable[[Ints], Cut | None]:
    """Make a function that cuts between the two clusters of 2-means.

    2-means is initialised on both sides of the mean along the first principal component. Groups of fewer than 2 `least`
    rows are not split. No values are used.
    """

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
    """Make a function that cuts at the mean prediction of a ridge regression of y (N,) on x (N, d).

    The upper half is the more promising one. Groups of fewer than 2 `least` rows, or of equal values, are not split.
    """

    def cut(rows: Ints) -> Cut | None:
        if len(rows) < 2 * least or np.ptp(y[rows]) == 0:
            return None
        some, target = x[rows], y[rows]
        centred = some - some.mean(0)
        gram = centred @ centred.T + RIDGE * np.eye(len(rows))
        weights = centred.T @ np.linalg.solve(gram, target - target.mean())
        return weights, float(some.mean(0) @ weights)

    return cut
