"""Choosing the best architecture of each posterior draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.predict.pareto import hypervolume_gains

Values = NDArray[np.float64]

MARGIN = 0.1
"""Distance of the hypervolume reference point below the worst value, as a fraction of the range."""


def best_by_gain(rising: Values, broken: Values, measured: Values) -> NDArray[np.int64]:
    """(n,) distinct candidates, one per draw: the candidate with the largest gain in that draw.

    For one objective the gain is the value itself; for several, the hypervolume added to the measured values and the
    candidates chosen by earlier draws. If all candidates break a constraint, the smallest violation wins.

    Args:
        rising: (n, S, M) objectives of S candidates in n draws, better when higher; n is at most S.
        broken: (n, S) constraint violations.
        measured: (D, M) objectives of measured architectures that satisfy the constraints.
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
    """(S,) hypervolume that each of S candidates adds to a front (D, M).

    Candidates that add nothing get negative gains, ordered by their sums of objectives.
    """
    everything = np.concatenate([values, front])
    low, high = everything.min(0), everything.max(0)
    reference = low - MARGIN * np.maximum(high - low, 1e-9)
    gains = hypervolume_gains(values, front, reference)
    dominated = (front[:, None] >= values).all(2).any(0)
    return np.where(dominated, (values - low).sum(1) / (1e-9 + (high - low).sum()) - 2, gains)
