"""Which architecture is the best of a draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.predict.pareto import first_front, hypervolume

Values = NDArray[np.float64]

MARGIN = 0.1
"""How far below the worst value the reference point of hypervolumes is, as a share of the range."""


def best_by_gain(rising: Values, broken: Values, measured: Values) -> NDArray[np.int64]:
    """(n,) different candidates, one for each draw: the one that gains most in it.

    For one objective that is the highest; for several, that which adds most hypervolume to what is measured and what
    the draws before have chosen. Where all candidates break a constraint, the least offence is best.

    Args:
        rising: (n, S, M) objectives of S candidates in n draws, better when higher; n is at most S.
        broken: (n, S) by how much constraints are broken.
        measured: (D, M) objectives of what was measured and breaks no constraint.
    """
    chosen: list[int] = []
    front = measured
    for values, offence in zip(rising, broken, strict=True):
        if len(chosen) == len(values):
            break
        gains = values[:, 0].copy() if values.shape[1] == 1 else _hypervolume_gains(values, front)
        gains = np.where(offence > 0, gains.min() - 1 - offence, gains)
        gains[chosen] = -np.inf
        best = int(gains.argmax())
        chosen.append(best)
        front = np.concatenate([front, values[best][None]])
    return np.array(chosen, np.int64)


def _hypervolume_gains(values: Values, front: Values) -> Values:
    """(S,) what each of S candidates adds to the hypervolume of a front (D, M); what adds nothing is ordered by its sum
    of objectives, below 0."""
    everything = np.concatenate([values, front])
    low, high = everything.min(0), everything.max(0)
    reference = low - MARGIN * np.maximum(high - low, 1e-9)
    front = front[first_front(front)] if len(front) else front
    before = hypervolume(front, reference)
    gains = np.full(len(values), -1.0) + (values - low).sum(1) / (1e-9 + (high - low).sum()) - 1
    for row, value in enumerate(values):
        if not len(front) or not (front >= value).all(1).any():
            gains[row] = hypervolume(np.concatenate([front, value[None]]), reference) - before
    return gains
