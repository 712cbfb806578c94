"""Batches of rows by memory cost, so that one large architecture does not pad many small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from archflow.graph.ragged import Ints

BUDGET = 2**29
"""Bytes that a batch may take: far more than a batch of benchmark cells needs."""


def pieces(sizes: Ints, most: int, node_bytes: int, pair_bytes: int, budget: int = BUDGET) -> Iterator[Ints]:
    """Yield the rows of each batch; every row occurs once.

    Rows come in order, `most` at a time. Only if that exceeds the budget, these rows are sorted by size and split
    further; a row that exceeds the budget by itself is a batch of its own.

    Args:
        sizes: (n,) number of nodes of each row.
        most: The maximum number of rows in a batch.
        node_bytes, pair_bytes: Memory per row for each node, and each pair of nodes, of the batch's largest row.
        budget: Memory of a batch, in bytes.
    """
    cost = sizes.astype(np.float64) * (node_bytes + pair_bytes * sizes)  # of a row in a batch where it is largest
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
