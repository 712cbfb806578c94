"""Ways to weight the components of a blend, given their predictions of held-out labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from archflow.predict.rank_scale import normal_scores
from archflow.predict.weights import correlations, stacked_weights

Values = NDArray[np.float64]

Rule = Callable[[Values, Values, Values], Values]
"""Predictions (C, n) of held-out labels, the targets (n,), and the components' odds (C,) -> weights (C,)."""


def equal(unseen: Values, targets: Values, odds: Values) -> Values:
    """Equal weights for all components."""
    return 1 / np.maximum(unseen.std(1), 1e-6)


def best(unseen: Values, targets: Values, odds: Values) -> Values:
    """All weight on the component that correlates best with the targets."""
    weights = np.zeros(len(unseen))
    weights[correlations(unseen, targets).argmax()] = 1.0
    return weights


def regression(unseen: Values, targets: Values, odds: Values) -> Values:
    """Non-negative least squares (Breiman 1996), without regularisation."""
    from scipy.optimize import nnls

    return nnls(unseen.T, targets)[0]


def ranks(unseen: Values, targets: Values, odds: Values) -> Values:
    """The current rule on normal scores of the predictions.

    Networks learn an order, and their scores need not be linear in the targets, as those of a Gaussian process are.
    """
    scored = np.stack([normal_scores(each) for each in unseen])
    return stacked_weights(scored, targets, odds) * scored.std(1) / np.maximum(unseen.std(1), 1e-6)


def with_odds(power: float, unseen: Values, targets: Values, odds: Values) -> Values:
    """The current rule with odds to a power: with 0 all are equal."""
    return stacked_weights(unseen, targets, odds**power)


RULES: Mapping[str, Rule] = {
    "today": stacked_weights,
    "ranks": ranks,
    "equal": equal,
    "best": best,
    "regression": regression,
    **{f"odds ^ {power:g}": partial(with_odds, power) for power in (0, 0.5, 1.5)},
    **{f"prior {prior}": partial(stacked_weights, prior=float(prior)) for prior in (10, 30, 300, 1000)},
    **{f"temperature {t}": partial(stacked_weights, temperature=float(t)) for t in (1, 3, 30, 100)},
    **{f"knows {k}": partial(stacked_weights, significant=float(k)) for k in (0, 2)},
}
"""The current rule, and alternatives with one setting changed at a time."""
