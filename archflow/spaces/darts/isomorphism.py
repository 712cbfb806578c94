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

_DEPENDENCE = np.array([[0, 1, 2, 4], [0, 0, 8, 16], [0, 0, 0, 32]])
"""(3, 4) the bit that says that an intermediate node is a predecessor of a later one."""


def _possible() -> NDArray[np.bool_]:
    """(64, 24) whether each new numbering is topological, by the dependences among the intermediate nodes."""
    named_before = _NAMES[:, 2:-1, None] < _NAMES[:, None, 2:]
    dependences = np.arange(2 * _DEPENDENCE.max())[:, None, None] & _DEPENDENCE > 0
    return (named_before | ~dependences[:, None]).all(axis=(2, 3))


_POSSIBLE = _possible()


def least_forms(choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choices (..., 8, 2) of cells -> the choices (..., 8, 2) of a canonical member of their isomorphism class.

    Among all topological numberings of the cell it is the first in the order of its operations: by predecessor, then
    operation.
    """
    codes = least_numbers(choices)[..., None] // _STEP_CODES ** np.arange(STEPS)[::-1] % _STEP_CODES
    return np.stack(np.divmod(codes, len(OPERATIONS)), axis=-1)


def least_numbers(choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choices (..., 8, 2) of cells -> (...) the number of their isomorphism class, from 0 to below 40^8.

    Its digits are the operations of `least_forms`.
    """
    cells = choices.reshape(-1, STEPS, 2)
    key = np.full(len(cells), np.iinfo(np.int64).max)
    possible = _POSSIBLE[_dependences(cells[..., 0])]
    for number, (names, places) in enumerate(zip(_NAMES, _PLACES, strict=True)):
        rows = np.flatnonzero(possible[:, number])
        steps = cells[rows[:, None], places]
        codes = names[steps[..., 0]] * len(OPERATIONS) + steps[..., 1]
        first, second = codes[:, ::2], codes[:, 1::2]
        ordered = np.stack([np.minimum(first, second), np.maximum(first, second)], axis=2).reshape(-1, STEPS)
        key[rows] = np.minimum(key[rows], _digits_to_number(ordered))
    return key.reshape(choices.shape[:-2])


def _dependences(predecessors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Predecessors (N, 8) -> (N,) the bits of all dependences among intermediate nodes."""
    node = np.arange(STEPS) // 2
    bits = np.where(predecessors > 1, _DEPENDENCE[np.maximum(predecessors - 2, 0), node], 0)
    return np.bitwise_or.reduce(bits, axis=1)


def _digits_to_number(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Step codes (N, 8), each below `_STEP_CODES` -> (N,) numbers in the same order; 40^8 fits 64 bits."""
    return codes @ _STEP_CODES ** np.arange(STEPS)[::-1]
