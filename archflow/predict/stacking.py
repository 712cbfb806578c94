"""How far to trust each of two predictions, as labels that neither was fitted to tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.predict.gaussian_process import normal_scores

Values = NDArray[np.float64]

PRIOR = 2.0
"""How many labels the belief that both count alike is worth."""


def share_of_first(first: Values, second: Values, labels: Values) -> float:
    """The first one's share in a blend of two predictions (n,), in [0, 1]: stacked regression (Breiman 1996) of the
    labels' normal scores on both, with weights that are not negative and are drawn towards one half each.

    The predictions are on a common scale, about zero for what is usual.
    """
    from scipy.optimize import nnls

    pull = np.sqrt(PRIOR) * np.eye(2)
    inputs = np.concatenate([np.stack([first, second], 1), pull])
    weights, _ = nnls(inputs, np.concatenate([normal_scores(labels), pull @ np.full(2, 0.5)]))
    return float(weights[0] / weights.sum()) if weights.any() else 0.5
