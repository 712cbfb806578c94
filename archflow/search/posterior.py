"""A Gaussian process posterior over architectures, with joint draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.predict.kernels import covariances, hyperparameters, relations, split

Values = NDArray[np.float64]

ROWS = 4096
"""Architectures per batch in prediction."""

LEAST_VARIANCE = 1e-10
"""Lower bound on variances, against rounding errors."""

JITTER = 1e-6
"""Jitter on the diagonal of a joint covariance, so that it has a Cholesky factor."""


class Posterior:
    """A Gaussian process with the kernel of the component `process`.

    The kernel is a sum of Matern-3/2 kernels on each part of the columns, a linear kernel on the last part, and noise.
    Hyperparameters maximise the marginal likelihood.

    Args:
        known: (n, Q) standardised columns of the measured architectures, one array per part.
        targets: (n,) labels with mean about 0.
        start: Where the search for the hyperparameters starts; None for their prior means.
    """

    def __init__(self, known: list[Values], targets: Values, start: Values | None = None) -> None:
        from scipy.linalg import cho_solve, cholesky

        self._known = known
        among = relations(known, known, 1)
        self.theta = hyperparameters(among, targets, len(known), start)
        """Hyperparameters (`archflow.predict.kernels`)."""
        self.noise = float(np.exp(self.theta[-1]))
        """Noise variance of a measurement."""
        self._root = cholesky(covariances(among, self.theta) + self.noise * np.eye(len(targets)), lower=True)
        self._solved = cho_solve((self._root, True), targets)

    def __call__(self, columns: list[Values]) -> tuple[Values, Values]:
        """(N,) mean and (N,) standard deviation of architectures with these columns (N, Q), without noise."""
        count = len(columns[0])
        mean, std = np.empty(count), np.empty(count)
        variances, lengths, _ = split(self.theta, len(columns) + 1)
        for first in range(0, count, ROWS):
            part = slice(first, first + ROWS)
            some = [x[part] for x in columns]
            between, explained = self._seen(some)
            before = variances[: len(lengths)].sum() + variances[-1] * np.square(some[-1]).mean(1)
            mean[part] = self._solved @ between
            std[part] = np.sqrt(np.maximum(before - np.square(explained).sum(0), LEAST_VARIANCE))
        return mean, std

    def joint(self, columns: list[Values]) -> tuple[Values, Values]:
        """(N,) mean and (N, N) covariance of architectures with these columns (N, Q), without noise."""
        between, explained = self._seen(columns)
        return self._solved @ between, covariances(relations(columns, columns, 1), self.theta) - explained.T @ explained

    def draws(self, columns: list[Values], count: int, generator: np.random.Generator) -> Values:
        """(count, N) joint draws for architectures with these columns (N, Q)."""
        mean, covariance = self.joint(columns)
        root = np.linalg.cholesky(covariance + JITTER * np.eye(len(mean)))
        return mean + generator.normal(size=(count, len(mean))) @ root.T

    def _seen(self, columns: list[Values]) -> tuple[Values, Values]:
        """(n, N) covariances with the measured architectures, raw and whitened by their Cholesky factor."""
        from scipy.linalg import solve_triangular

        between = covariances(relations(self._known, columns, 1), self.theta)
        return between, solve_triangular(self._root, between, lower=True)
