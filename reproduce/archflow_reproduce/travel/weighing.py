"""Ways to weight the components of a blend, by how they predict labels that they did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from archflow.predict.weights import correlations, stacked_weights

Values = NDArray[np.float64]

Rule = Callable[[Values, Values], Values]
"""Predictions (C, n) of labels not learnt from, and the targets (n,) -> weights (C,)."""


def equal(unseen: Values, targets: Values) -> Values:
    """All components alike."""
    return 1 / np.maximum(unseen.std(1), 1e-6)


def best(unseen: Values, targets: Values) -> Values:
    """The one that correlates most with the targets alone."""
    weights = np.zeros(len(unseen))
    weights[correlations(unseen, targets).argmax()] = 1.0
    return weights


def regression(unseen: Values, targets: Values) -> Values:
    """Non-negative least squares (Breiman 1996), drawn to nothing."""
    from scipy.optimize import nnls

    return nnls(unseen.T, targets)[0]


RULES: Mapping[str, Rule] = {
    "today": stacked_weights,
    "equal": equal,
    "best": best,
    "regression": regression,
    **{f"prior {prior}": partial(stacked_weights, prior=float(prior)) for prior in (10, 30, 300, 1000)},
    **{f"temperature {t}": partial(stacked_weights, temperature=float(t)) for t in (1, 3, 30, 100)},
    **{f"knows {k}": partial(stacked_weights, knows=float(k)) for k in (0, 2)},
}
"""Today's, and what might replace it: one setting changed at a time."""
