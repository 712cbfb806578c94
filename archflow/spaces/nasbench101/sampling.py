"""Random NAS-Bench-101 cells, drawn as in the released search code."""

from __future__ import annotations

import numpy as np

from archflow.spaces.nasbench101.codes import MAX_NODES, OPERATIONS, SOURCES, TARGETS, Codes, are_cells, encode

_DRAWN = 4096
"""Matrices per batch; about three in four are kept. Fixed, so that smaller samples are prefixes of larger ones."""

_PRUNED = 1.5
"""Matrices pruned per requested cell, which usually suffices."""


def random_cells(count: int, generator: np.random.Generator) -> Codes:
    """Draw `count` independent cells (N,), their nodes numbered as drawn.

    Each of the 21 edges of a 7-node matrix is present with probability 1/2, and every operation is equally likely.
    Nodes on no path from input to output are pruned; a matrix without a path, or with more than nine edges left, is
    drawn again.
    """
    found: list[Codes] = []
    missing = count
    while missing > 0:
        edges = generator.integers(0, 2, (_DRAWN, len(SOURCES)), dtype=np.int8)
        operations = generator.integers(0, len(OPERATIONS), (_DRAWN, MAX_NODES - 2))
        at = 0
        while missing > 0 and at < _DRAWN:
            rows = slice(at, at + int(_PRUNED * missing) + 16)
            codes = _pruned(edges[rows], operations[rows])
            found.append(codes[are_cells(codes)][:missing])
            missing, at = missing - len(found[-1]), rows.stop
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _pruned(edges: np.ndarray, operations: np.ndarray) -> Codes:
    """Edges (N, 21) and operations (N, 5) -> codes (N,) without dead nodes.

    Without a path from input to output the result is empty, which is not a valid cell.
    """
    matrix = np.zeros((len(edges), MAX_NODES, MAX_NODES), bool)
    matrix[:, SOURCES, TARGETS] = edges
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
