"""A Gaussian process that starts from what sources say, and trusts each as the architecture demands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.predict.kernels import covariances, hyperparameters, relations, split
from archflow.predict.weights import correlations

Values = NDArray[np.float64]

LEAST_RANK = 0.01
"""Squared rank correlation that every source is given: with few labels a good one may look bad."""

LEAST_VARIANCE = 1e-12
"""What rounding may leave of a variance."""


class Pairs(NamedTuple):
    """What architectures have to do with those that processes learn from, whatever sources say.

    Attributes:
        parts: (P, n, m) `relations`.
        near: (n, m) how alike the gate takes two architectures to be, from 0 to 1.
        lengths: L, the first parts, which have one.
    """

    parts: Values
    near: Values
    lengths: int

    @classmethod
    def of(cls, known: list[Values], columns: list[Values], linear: int) -> Pairs:
        """Of standardised columns (n, Q) and (m, Q), as `relations` takes them."""
        parts = relations(known, columns, linear)
        apart = np.sqrt(np.square(parts[: len(known)]).mean(0))
        return cls(parts, (1 + apart) * np.exp(-apart), len(known))

    def take(self, rows: NDArray, columns: NDArray | slice = slice(None)) -> Pairs:
        """Of some of the architectures on either side."""
        return Pairs(self.parts[:, rows][:, :, columns], self.near[rows][:, columns], self.lengths)

    def with_sources(self, a: Values, b: Values, weights: Values) -> Values:
        """(P + 2, n, m) with products of what sources say, (n, S) and (m, S): one with weights that are the same for
        all architectures, and one with weights that change between architectures that are not alike."""
        products = (a * weights) @ b.T / max(len(weights), 1)
        return np.concatenate([self.parts, products[None], (products * self.near)[None]])


class GatedProcess:
    """One process: target = sum over sources of gate(x) source(x) + residual(x) + noise.

    Gates are drawn from processes with a constant mean over all architectures, the residual from one on embeddings and
    features. One variance says how much sources count, one how much their gates change between architectures, so that
    the marginal likelihood makes gates constant where labels do not tell otherwise.

    Args:
        among: Of the m architectures that it learns from.
        sources: (m, S) what sources say of them.
        targets: (m,).
        weights: (S,) how far each source's gate may be from 0, squared, relative to the others; 0 leaves one out.
        theta: (H,) hyperparameters (`archflow.predict.kernels`); those of the largest marginal likelihood if None.
        few: At most so many of the architectures, the first, are used to find them.

    Raises:
        numpy.linalg.LinAlgError: If covariances have no inverse.
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
        """(N,) mean, (N,) variance, (N, S) gates.

        Args:
            pairs: Of those that it learns from with N architectures.
            before: (P, N) what the parts see between each of these and itself.
            sources: (N, S) what sources say of these.
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
    """(S,) how far gates may be from 0, by the squared rank correlation of what sources say (n, S) with targets (n,),
    less what chance gives. Their mean is 1. Both are normal scores, so that Pearson's correlation is one of ranks."""
    if not sources.shape[1]:
        return np.zeros(0)
    squares = np.square(correlations(sources.T, targets)) - 1 / len(targets)
    weights = np.maximum(squares, LEAST_RANK)
    return weights / weights.mean()
