"""A Gaussian process whose covariance is a weighted sum of parts; the weights maximise the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

Floats = NDArray[np.float64]

MEAN = 10.0
"""Prior variance of a constant added to all labels, relative to the variance of the labels."""
PULL = 0.2
"""Precision of the normal prior of each weight's logarithm."""
STEPS = 60


@dataclass(frozen=True)
class Part:
    """One covariance over N architectures.

    Attributes:
        x: (N, F) features with a mean squared row norm of one (`few_features.scaled`).
        smooth: Whether it is exp(-|x - x'|^2 / 2) instead of x . x'.
        weight: Mode of its weight's prior, relative to the variance of the labels.
    """

    x: Floats
    smooth: bool
    weight: float

    def __call__(self, a: NDArray, b: NDArray) -> Floats:
        """Covariances (n, m) between rows a and b."""
        first, second = self.x[a], self.x[b]
        products = first @ second.T
        if not self.smooth:
            return products
        squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1) - 2 * products
        return np.exp(-np.maximum(squares, 0) / 2)


@dataclass(frozen=True)
class Fitted:
    """The posterior mean, up to the shift and scale of the labels."""

    parts: Sequence[Part]
    rows: NDArray
    weights: Floats
    solved: Floats

    def __call__(self, rows: NDArray, together: int = 2000) -> Floats:
        """Predict (n,) or (n, outputs), in batches of `together` rows."""
        found = []
        for first in range(0, len(rows), together):
            some = rows[first : first + together]
            covariance = sum(w * part(some, self.rows) for w, part in zip(self.weights, self.parts, strict=False))
            found.append((covariance + MEAN) @ self.solved)
        return np.concatenate(found)


def fit(parts: Sequence[Part], rows: NDArray, labels: Floats, noise: float = 0.03, judge: int = 200) -> Fitted:
    """Fit the weights of the parts and of the noise, then the process.

    Args:
        parts: Covariances over all architectures.
        rows: (n,) rows with labels.
        labels: (n,), or (n, outputs) with shared weights; standardised here.
        noise: Mode of the noise variance's prior.
        judge: The weights are fitted to at most this many labels, the first ones.
    """
    y = (labels - labels.mean(0)) / np.where(labels.std(0) > 0, labels.std(0), 1.0)
    covariances = np.stack([part(rows, rows) for part in parts])
    prior = np.log([*(part.weight for part in parts), noise])
    some = slice(0, judge)
    found = minimize(
        _loss,
        prior,
        args=(covariances[:, some, some], y[some], prior),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-12.0, 5.0)] * len(prior),
        options={"maxiter": STEPS},
    )
    weights = np.exp(found.x)
    return Fitted(parts, rows, weights, cho_solve(cho_factor(_whole(weights, covariances), lower=True), y))


def _whole(weights: Floats, covariances: Floats) -> Floats:
    return np.tensordot(weights[:-1], covariances, 1) + MEAN + weights[-1] * np.eye(covariances.shape[1])


def _loss(logs: Floats, covariances: Floats, y: Floats, prior: Floats) -> tuple[float, Floats]:
    """Negative log posterior and its gradient."""
    weights = np.exp(logs)
    factor = cho_factor(_whole(weights, covariances), lower=True)
    inverse = cho_solve(factor, np.eye(len(y)))
    solved = inverse @ y
    outputs = y.size / len(y)
    slope = 0.5 * (inverse - np.atleast_2d(solved.T).T @ np.atleast_2d(solved.T) / outputs)
    away = logs - prior
    fit = 0.5 * np.sum(y * solved) / outputs
    loss = fit + np.log(np.diag(factor[0])).sum() + 0.5 * PULL * away @ away
    gradient = weights * np.array([*(slope * covariances).sum((1, 2)), np.trace(slope)])
    return float(loss), gradient + PULL * away
