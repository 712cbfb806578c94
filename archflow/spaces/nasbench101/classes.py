"""Isomorphism classes of NAS-Bench-101 cells: the representative of a cell, and all of them.

Cells are isomorphic if a renumbering of the inner nodes makes them equal. There are at most 5! = 120 renumberings, and
all are tried. The representative of a class is its smallest code: the first cell of the class that the published graph
generator meets, thus the cell that the benchmark trained.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from archflow.spaces.nasbench101.codes import (
    EDGE_SHIFT,
    MAX_NODES,
    SIZE_SHIFT,
    Codes,
    Moves,
    are_cells,
    moved,
    sizes,
)

_ROWS = 8192
"""Cells renumbered together: 120 codes of each are 8 MB."""


def numberings(code: int) -> Codes:
    """All codes (M,) of the cell's class, ascending."""
    size = code >> SIZE_SHIFT
    codes, forward = moved(np.array([code]), _renumberings(size))
    return np.unique(codes[forward]) | (size << SIZE_SHIFT)


def representatives(codes: Codes) -> Codes:
    """Codes (N,) -> the smallest code of the class of each (N,)."""
    result = codes.copy()
    size = sizes(codes)
    for nodes in np.unique(size).tolist():
        rows = np.flatnonzero(size == nodes)
        for some in np.split(rows, range(_ROWS, len(rows), _ROWS)):
            # One that does not go forward is beyond all that do, and never the smallest.
            smallest = _renumberings(nodes)(codes[some]).min(axis=1)
            result[some] = smallest.astype(np.int64) | (nodes << SIZE_SHIFT)
    return result


def isomorphism_classes(nodes: int) -> Codes:
    """The representatives of all classes of cells with that many nodes, ascending.

    A representative without its operations is one of the classes without operations: so those are found first.
    """
    graphs = (np.arange(1 << nodes * (nodes - 1) // 2) << EDGE_SHIFT) | (nodes << SIZE_SHIFT)
    graphs = graphs[are_cells(graphs)]
    graphs = graphs[representatives(graphs) == graphs]
    labelled = (graphs[:, None] | np.arange(0, 3 ** (MAX_NODES - 2), 3 ** (MAX_NODES - nodes))).reshape(-1)
    return labelled[representatives(labelled) == labelled]


def all_classes() -> Codes:
    """The representatives of the whole space (423,624,), ascending."""
    return np.concatenate([isomorphism_classes(nodes) for nodes in range(2, MAX_NODES + 1)])


@cache
def _renumberings(nodes: int) -> Moves:
    """All (n - 2)! renumberings; input and output keep their positions."""
    return Moves.to(np.array([(0, *inner, nodes - 1) for inner in permutations(range(1, nodes - 1))]))
