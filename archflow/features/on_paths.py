"""The best path to each node, without enumerating paths."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet


def on_paths(architectures: ArchitectureSet, weight: NDArray[np.float32], best: np.ufunc) -> NDArray[np.float32]:
    """Compute (V, S) least or greatest sums of weights on paths from nodes without predecessors to each node.

    Both ends are included. This takes linear time in edges: level by level, from the results of the predecessors.

    Args:
        architectures: The architectures.
        weight: (V, S) weights of the nodes, for each of S sums.
        best: np.minimum or np.maximum.
    """
    source, target = architectures.edge_nodes
    level = architectures.levels[target]
    order = np.lexsort((target, level))
    source, target, level = source[order], target[order], level[order]
    result = weight.copy()
    for begin, end in pairwise(np.flatnonzero(np.diff(level, prepend=-1, append=-1)).tolist()):
        first = begin + np.flatnonzero(np.diff(target[begin:end], prepend=-1))
        before = result[source[begin:end]]
        if len(first) < len(before):  # otherwise every node has one predecessor
            before = best.reduceat(before, first - begin, axis=0)
        result[target[first]] += before
    return result
