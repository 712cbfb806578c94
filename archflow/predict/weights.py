"""Weights of several components, from their predictions of held-out labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

PRIOR = 100.0
"""Weight, in labels, of the prior that components count by their odds and the likelihood that they give the labels."""

TEMPERATURE = 10.0
"""Divides the log-likelihood: distinguishing two components takes ten times as many labels as with independent
errors."""

NEVER = 0.9999
"""A bound on correlations with held-out labels, which only rounding could exceed."""

SIGNIFICANT = 1.0
"""Standard errors by which a component's correlation with the labels must exceed 0 for it to get any weight."""


def stacked_weights(
    unseen: Values,
    targets: Values,
    odds: ArrayLike = 1.0,
    prior: float = PRIOR,
    temperature: float = TEMPERATURE,
    significant: float = SIGNIFICANT,
) -> Values:
    """Compute (C,) non-negative weights of predictions by stacked regression (Breiman 1996).

    They are shrunk towards weights by tempered likelihood (pseudo-Bayesian model averaging), so that weights are near
    the odds with few labels and data-driven with many. An uninformative component gets weight 0.

    Args:
        unseen: (C, n) predictions of held-out labels.
        targets: (n,) the labels, with mean about 0.
        odds: (C,) weights before any label is seen, up to a factor; equal if they are one number.
        prior, temperature, significant: As `PRIOR`, `TEMPERATURE`, `SIGNIFICANT`.
    """
    from scipy.optimize import nnls

    weights = np.zeros(len(unseen))
    found = correlations(unseen, targets)
    known = np.flatnonzero(found > significant / np.sqrt(len(targets)))
    if len(known) == 0:
        return weights
    odds, unseen, found = np.broadcast_to(odds, len(unseen))[known], unseen[known], found[known]
    likelihood = -0.5 * len(targets) * np.log1p(-np.square(np.minimum(found, NEVER)))
    shares = odds * np.exp((likelihood - likelihood.max()) / temperature)
    centre = _fitted(shares / unseen.std(1), unseen, targets)
    pull = np.sqrt(prior) * np.diag(unseen.std(1))
    inputs = np.concatenate([unseen.T, pull])
    weights[known], _ = nnls(inputs, np.concatenate([targets, pull @ centre]))
    return weights


def correlations(unseen: Values, targets: Values) -> Values:
    """(C,) Pearson's correlation of every component with the targets; 0 where one is constant."""
    a, b = unseen - unseen.mean(1, keepdims=True), targets - targets.mean()
    norm = np.sqrt(np.square(a).sum(1) * np.square(b).sum())
    return np.divide(a @ b, norm, out=np.zeros(len(a)), where=norm > 1e-12)


def _fitted(weights: Values, unseen: Values, targets: Values) -> Values:
    """The weights, scaled so that the sum of predictions fits the targets best."""
    blend = weights @ unseen
    return weights * max(0.0, float(blend @ targets) / float(blend @ blend))
