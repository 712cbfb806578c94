"""A Gaussian process that sums sources, each weighted by a gate that depends on the architecture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.predict.kernels import covariances, hyperparameters, relations, split
from archflow.predict.weights import correlations

Values = NDArray[np.float64]

LEAST_RANK = 0.01
"""The least squared rank correlation of a source: with few labels, a good one may look bad."""

LEAST_VARIANCE = 1e-12
"""A lower bound on variances, which rounding could make negative."""


class Pairs(NamedTuple):
    """Relations between architectures and those that processes learn from, independent of the sources.

    Attributes:
        parts: (P, n, m) `relations`.
        near: (n, m) similarity of two architectures for the gate, from 0 to 1.
        lengths: L, the number of parts with a length scale; they come first.
    """

    parts: Values
    near: Values
    lengths: int

    @classmethod
    def of(cls, known: list[Values], columns: list[Values], linear: int) -> Pairs:
        """Relate standardised columns (n, Q) and (m, Q), as for `relations`."""
        parts = relations(known, columns, linear)
        apart = np.sqrt(np.square(parts[: len(known)]).mean(0))
        return cls(parts, (1 + apart) * np.exp(-apart), len(known))

    def take(self, rows: NDArray, columns: NDArray | slice = slice(None)) -> Pairs:
        """The relations of some of the architectures on either side."""
        return Pairs(self.parts[:, rows][:, :, columns], self.near[rows][:, columns], self.lengths)

    def with_sources(self, a: Values, b: Values, weights: Values) -> Values:
        """(P + 2, n, m) the parts and two products of the sources (n, S) and (m, S).

        The first product has the same weights for all architectures; in the second, weights change between dissimilar
        architectures.
        """
        products = (a * weights) @ b.T / max(len(weights), 1)
        return np.concatenate([self.parts, products[None], (products * self.near)[None]])


class GatedProcess:
    """One process: target = sum over sources of gate(x) source(x) + residual(x) + noise.

    Gates are drawn from processes with a constant mean over all architectures, the residual from one on embeddings and
    features. One variance scales the sources, and one the changes of their gates between architectures, so that the
    marginal likelihood keeps gates constant unless the labels say otherwise.

    Args:
        among: Relations among the m architectures that it learns from.
        sources: (m, S) sources of these architectures.
        targets: (m,) their targets.
        weights: (S,) relative prior variances of the sources' gates; 0 leaves a source out.
        theta: (H,) hyperparameters (`archflow.predict.kernels`); if None, those that maximise the marginal likelihood.
        few: Indices of the architectures that are used to find the hyperparameters; all if None.

    Raises:
        numpy.linalg.LinAlgError: If a covariance matrix is singular.
    """

    def __init__(
        self,
        among: Pairs,
        sources: Values,
        targets: Values,
        weights: Values,
        theta: Values | None = None,
        few: NDArray[np.int64] | None = None,
    ) -> None:
        from scipy.linalg import cho_solve, cholesky

        self.sources, self.weights = np.ascontiguousarray(sources), weights
        seen = among.with_sources(sources, sources, weights)
        if theta is None:
            some = np.arange(len(targets)) if few is None else few
            theta = hyperparameters(seen[:, some][:, :, some], targets[some], among.lengths)
        self.theta = theta
        self.noise = split(theta, len(seen))[2]
        self._root = cholesky(covariances(seen, theta) + self.noise * np.eye(len(targets)), lower=True)
        self._solved = cho_solve((self._root, True), targets)

    def __call__(self, pairs: Pairs, before: Values, sources: Values) -> tuple[Values, Values, Values]:
        """Compute mean (N,), variance (N,) and gates (N, S).

        Args:
            pairs: Relations of the architectures that it learns from with N architectures.
            before: (P, N) relations of each of the N with itself.
            sources: (N, S) sources of the N architectures.
        """
        from scipy.linalg import solve_triangular

        seen = pairs.with_sources(self.sources, sources, self.weights)
        between = covariances(seen, self.theta)
        variances, _, _ = split(self.theta, len(seen))
        own = np.square(sources) @ self.weights / max(len(self.weights), 1)
        prior = variances[:-2] @ before + variances[-2:].sum() * own
        explained = np.square(solve_triangular(self._root, between, lower=True)).sum(0)
        learnt = self.sources * self._solved[:, None] * (self.weights / max(len(self.weights), 1))
        gates = (variances[-2] + variances[-1] * pairs.near).T @ learnt
        return self._solved @ between, np.maximum(prior - explained, LEAST_VARIANCE), gates


def transfer_weights(sources: Values, targets: Values) -> Values:
    """(S,) prior variances of the gates of sources (n, S) for targets (n,), scaled to mean 1.

    They are squared rank correlations, minus their expectation by chance. Sources and targets are normal scores, so
    Pearson's correlation of them is a rank correlation.
    """
    if not sources.shape[1]:
        return np.zeros(0)
    squares = np.square(correlations(sources.T, targets)) - 1 / len(targets)
    weights = np.maximum(squares, LEAST_RANK)
    return weights / weights.mean()
