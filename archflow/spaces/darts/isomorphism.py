"""Isomorphism of DARTS cells: equality up to the order of a node's two operations and the names of intermediate nodes.

Weisfeiler-Leman hashes do not decide this in every case: some different cells in which a node has both operations on
one feature map have the same hash. Cells are small enough to try all names.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from archflow.spaces.darts.graph import MAP_NODES, OPERATIONS, REACH, STEPS

_INNER = len(MAP_NODES) - 2
_NAMES = np.array([(0, 1, *(2 + i for i in order)) for order in permutations(range(_INNER))])
"""(24, 6) new names of the feature maps; the inputs keep their names."""

_PLACES = np.array([np.argsort(names[2:]).repeat(2) * 2 + np.tile([0, 1], _INNER) for names in _NAMES])
"""(24, 8) old index of each new operation."""

_STEP_CODES = int(REACH.max()) * len(OPERATIONS)
_UNNAMEABLE = np.iinfo(np.int64).max


def least_forms(choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choices (..., 8, 2) of cells -> the choices (..., 8, 2) of a canonical member of their isomorphism class.

    Among all topological numberings of the cell it is the first in the order of its operations: by predecessor, then
    operation.
    """
    cells = choices.reshape(-1, STEPS, 2)
    key = np.full(len(cells), _UNNAMEABLE)
    for names, places in zip(_NAMES, _PLACES, strict=True):
        steps = cells[:, places]
        predecessors = names[steps[..., 0]]
        nodes = np.sort((predecessors * len(OPERATIONS) + steps[..., 1]).reshape(-1, _INNER, 2), axis=2)
        written = _digits_to_number(nodes.reshape(-1, STEPS))
        key = np.minimum(key, np.where((predecessors < REACH).all(axis=1), written, _UNNAMEABLE))
    codes = key[:, None] // _STEP_CODES ** np.arange(STEPS)[::-1] % _STEP_CODES
    return np.stack(np.divmod(codes, len(OPERATIONS)), axis=-1).reshape(choices.shape)


def _digits_to_number(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Step codes (N, 8), each below `_STEP_CODES` -> (N,) numbers in the same order; 40^8 fits 64 bits."""
    return codes @ _STEP_CODES ** np.arange(STEPS)[::-1]
