"""A Gaussian process on embeddings that stay as they are."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

NOISE = 0.1
"""Variance of a measurement's noise before any label is seen; what is measured has variance 1."""


def prior_kernel(a: NDArray, b: NDArray) -> Values:
    """(n, m) covariances of standardised embeddings (n, D) and (m, D) before any label is seen: Matern-3/2 with the
    embeddings' root mean square distance from their mean as its length."""
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    r = np.sqrt(3 * np.maximum(squares, 0) / a.shape[1])
    return (1 + r) * np.exp(-r)


class EmbeddingGP:
    """Labels as normal scores under a Matern-3/2 kernel of the distance between standardised embeddings, with noise.

    Variance, length and noise are those of the largest marginal likelihood. Normal scores keep the labels' order alone,
    as a ranking loss does: the few bad architectures of a benchmark would otherwise rule the fit.
    """

    def fit(self, embeddings: NDArray, labels: Values, reference: NDArray) -> EmbeddingGP:
        """embeddings: (n, D). labels: (n,). reference: (N, D) of architectures that tell what is usual, labelled or
        not: every dimension is standardised by them."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        self._centre, self._scale = reference.mean(0), reference.std(0) + 1e-6
        kernel = ConstantKernel(1.0) * Matern(embeddings.shape[1] ** 0.5, (1e-1, 1e4), nu=1.5) + WhiteKernel(NOISE)
        self._process = GaussianProcessRegressor(kernel, random_state=0)
        with warnings.catch_warnings():
            # Of the library's warnings this one alone: a hyperparameter at its bound is a fit like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._process.fit(self._standardised(embeddings), normal_scores(labels))
        return self

    def predict(self, embeddings: NDArray) -> tuple[Values, Values]:
        """(mean, std) of the normal scores, (N,) each; without the noise of a single measurement."""
        x = self._standardised(embeddings)
        mean, std = (np.asarray(part, np.float64) for part in self._process.predict(x, return_std=True))
        noise = np.exp(self._process.kernel_.theta[-1])  # type: ignore[union-attr]
        return mean, np.sqrt(np.maximum(std**2 - noise, 1e-12))

    def state(self) -> dict[str, Any]:
        """What `from_state` needs, as arrays."""
        return {
            "theta": self._process.kernel_.theta,  # type: ignore[union-attr]
            "embeddings": self._process.X_train_,
            "scores": self._process.y_train_,
            "centre": self._centre,
            "scale": self._scale,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> EmbeddingGP:
        """The process that gave the state."""
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        process = cls()
        process._centre, process._scale = state["centre"], state["scale"]
        kernel = (ConstantKernel() * Matern(nu=1.5) + WhiteKernel()).clone_with_theta(state["theta"])
        # Without an optimiser, which the library's annotations do not know of, fitting is one factorisation.
        fixed: Any = None
        process._process = GaussianProcessRegressor(kernel, optimizer=fixed).fit(state["embeddings"], state["scores"])
        return process

    def _standardised(self, embeddings: NDArray) -> Values:
        return (np.asarray(embeddings, np.float64) - self._centre) / self._scale


def normal_scores(values: Values) -> Values:
    """(n,) the quantiles of a standard normal distribution at the values' ranks; equal values share one."""
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(values) - 0.5) / len(values))
