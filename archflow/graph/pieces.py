"""Rows cut into batches by what they cost, so that one large architecture does not pad many small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from archflow.graph.ragged import Ints

BUDGET = 2**29
"""Bytes that a batch may take: far more than a batch of cells of a benchmark does."""


def pieces(sizes: Ints, most: int, node_bytes: int, pair_bytes: int, budget: int = BUDGET) -> Iterator[Ints]:
    """Yield the rows of every batch; each row comes once.

    Rows come as numbered, `most` at a time. Only where the budget does not allow for that are these sorted by size and
    cut where it is used up; a row that is beyond the budget by itself is a batch of its own.

    Args:
        sizes: (n,) nodes of every row.
        most: Rows in a batch at most.
        node_bytes, pair_bytes: What a row takes for every node, and for every pair of nodes, of the batch's largest.
        budget: In bytes.
    """
    cost = sizes.astype(np.float64) * (node_bytes + pair_bytes * sizes)  # of a row in a batch in which it is largest
    for first in range(0, len(sizes), most):
        rows = np.arange(first, min(first + most, len(sizes)))
        if len(rows) * cost[rows].max() <= budget:
            yield rows
            continue
        rows = rows[np.argsort(sizes[rows], kind="stable")]
        while len(rows):
            together = cost[rows] * np.arange(1, len(rows) + 1)  # rises
            count = max(1, int(np.searchsorted(together, budget, side="right")))
            yield rows[:count]
            rows = rows[count:]
