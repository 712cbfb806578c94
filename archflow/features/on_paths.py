"""The best of all paths to every node, without listing any of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet


def on_paths(architectures: ArchitectureSet, weight: NDArray[np.float32], best: np.ufunc) -> NDArray[np.float32]:
    """(V, S) the least or the greatest sum of weights on a path from a node without predecessors to every node, both
    included. Linear in edges: level by level, from what the predecessors have.

    Args:
        weight: (V, S) of every node, for each of S questions.
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
