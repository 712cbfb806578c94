"""The elementary changes of DARTS genotypes: one operation or one predecessor is replaced.

A change is a number from 0 to 207: first the pairs of position and new operation, then the pairs of position and new
predecessor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.spaces.darts.graph import CELLS, OPERATIONS, REACH, STEPS

NONE = OPERATIONS.index("none")

_PLACES = CELLS * STEPS
_MAPS = int(REACH.max())
_REACHED = np.arange(_MAPS) < np.tile(REACH, CELLS)[:, None]
"""(16, 5) whether each feature map precedes each operation."""


def changeable(choices: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Choices (N, 2, 8, 2) -> (N, 208) which changes lead to a neighbour.

    Those are changes to another operation that is not `none`, or to a predecessor that neither operation of the node
    has.
    """
    predecessor, operation = np.moveaxis(choices.reshape(-1, _PLACES, 2, 1), 2, 0)
    partner = predecessor.reshape(-1, _PLACES // 2, 2)[:, :, ::-1].reshape(-1, _PLACES, 1)
    operations, maps = np.arange(len(OPERATIONS)), np.arange(_MAPS)
    other_operation = (operations != operation) & (operations != NONE)
    other_map = _REACHED & (maps != predecessor) & (maps != partner)
    return np.concatenate([each.reshape(-1, _PLACES * each.shape[2]) for each in (other_operation, other_map)], axis=1)


def changed(choices: NDArray[np.int64], changes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choices (N, 2, 8, 2) after one change (N,) of each genotype."""
    steps, rows = choices.reshape(-1, _PLACES, 2).copy(), np.arange(len(changes))
    of_map = changes >= _PLACES * len(OPERATIONS)
    place, value = np.where(
        of_map, np.divmod(changes - _PLACES * len(OPERATIONS), _MAPS), np.divmod(changes, len(OPERATIONS))
    )
    steps[rows, place, np.where(of_map, 0, 1)] = value
    return steps.reshape(choices.shape)
