"""Random NAS-Bench-101 cells, drawn as the released search code draws them."""

from __future__ import annotations

import numpy as np

from archflow.spaces.nasbench101.codes import MAX_NODES, OPERATIONS, SOURCES, TARGETS, Codes, are_cells, encode

_DRAWN = 4096
"""Matrices drawn together; about three in four are kept. Fixed, so that fewer cells are the first of more."""


def random_cells(count: int, generator: np.random.Generator) -> Codes:
    """`count` independent cells (N,), numbered as drawn.

    Each of the 21 edges of a 7-node matrix is there with probability 1/2, and every operation is equally likely; what
    is on no path from input to output is pruned; drawn again if no path is left, or more than nine edges.
    """
    drawn: list[Codes] = []
    found = 0
    while found < count:
        matrix = np.zeros((_DRAWN, MAX_NODES, MAX_NODES), bool)
        matrix[:, SOURCES, TARGETS] = generator.integers(0, 2, (_DRAWN, len(SOURCES)), dtype=np.int8)
        operations = generator.integers(0, len(OPERATIONS), (_DRAWN, MAX_NODES - 2))
        codes = _pruned(matrix, operations)
        drawn.append(codes[are_cells(codes)])
        found += len(drawn[-1])
    return np.concatenate(drawn)[:count] if drawn else np.zeros(0, np.int64)


def _pruned(matrix: np.ndarray, operations: np.ndarray) -> Codes:
    """Matrices [row, source, target] (N, 7, 7) and operations (N, 5) -> codes (N,) without dead nodes.

    Without a path from input to output nothing is left, which is no cell.
    """
    reached, reaching = np.zeros((2, len(matrix), MAX_NODES), bool)
    reached[:, 0] = reaching[:, -1] = True
    for node in range(1, MAX_NODES):
        reached[:, node] = (reached & matrix[:, :, node]).any(axis=1)
        reaching[:, -1 - node] = (reaching & matrix[:, -1 - node]).any(axis=1)
    kept = reached & reaching
    matrix = matrix & kept[:, :, None] & kept[:, None, :]
    order = np.argsort(~kept, axis=1, stable=True)
    matrix = np.take_along_axis(np.take_along_axis(matrix, order[:, :, None], axis=1), order[:, None, :], axis=2)
    padded = np.pad(operations, ((0, 0), (1, 1)))
    return encode(kept.sum(axis=1), matrix, np.take_along_axis(np.where(kept, padded, 0), order, axis=1)[:, 1:-1])
