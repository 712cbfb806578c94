"""How much each of several components counts, by how they predict labels that they did not learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

PRIOR = 100.0
"""How many labels the belief is worth that components count by how likely they make the labels."""

TEMPERATURE = 10.0
"""What the logarithm of the likelihood is divided by: ten times as many labels tell two components apart as would if
their errors were independent."""

NEVER = 0.9999
"""A correlation that no component has with labels that it did not learn from, but for rounding."""

KNOWS = 1.0
"""Standard errors by which a correlation with the labels must be above 0 for a component to count at all."""


def stacked_weights(
    unseen: Values,
    targets: Values,
    prior: float = PRIOR,
    temperature: float = TEMPERATURE,
    knows: float = KNOWS,
) -> Values:
    """(C,) weights of a sum of predictions: stacked regression (Breiman 1996) with weights that are not negative.

    They are drawn towards shares by tempered likelihood (pseudo-Bayesian model averaging), so that few labels give
    nearly equal weights, and many decide. A component that does not know the labels has weight 0.

    Args:
        unseen: (C, n) predictions of labels that were not learnt from.
        targets: (n,) the labels, with mean about 0.
        prior, temperature, knows: As `PRIOR`, `TEMPERATURE`, `KNOWS`.
    """
    from scipy.optimize import nnls

    weights = np.zeros(len(unseen))
    found = correlations(unseen, targets)
    known = np.flatnonzero(found > knows / np.sqrt(len(targets)))
    if len(known) == 0:
        return weights
    unseen, found = unseen[known], found[known]
    likelihood = -0.5 * len(targets) * np.log1p(-np.square(np.minimum(found, NEVER)))
    shares = np.exp((likelihood - likelihood.max()) / temperature)
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
    """The weights times the factor by which their sum fits the targets best."""
    blend = weights @ unseen
    return weights * max(0.0, float(blend @ targets) / float(blend @ blend))
