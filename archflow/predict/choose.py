"""Which architectures to measure first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.predict.kernels import NOISE, covariances, prior_means, relations

CANDIDATES = 2000
"""The maximum number of candidates, since the covariances of all pairs are kept; also the maximum number of measured
architectures that are taken into account."""

MOST = 2 * CANDIDATES
"""The largest number that can be chosen at once: memory grows with its square, and time with its cube."""


def choose(embeddings: NDArray, count: int, measured: ArrayLike = (), seed: int = 21) -> NDArray[np.int64]:
    """Choose (count,) rows of architectures to measure, the most informative first.

    Each is the one whose label would most reduce the average variance of a Gaussian process over the candidates, given
    those chosen before (active learning after D. Cohn, Z. Ghahramani, M. Jordan, 1996). The variance does not depend on
    the labels, so all can be measured at once. The process is that of the component `process`, on embeddings alone and
    before any label is seen.

    Args:
        embeddings: (N, D) embeddings of all architectures.
        count: How many to choose, at most `MOST`.
        measured: Rows whose label is already known. If there are more than `CANDIDATES`, those nearest to a candidate
            are used.
        seed: Draws the candidates, `CANDIDATES` of the rows that are not measured (all, if there are fewer).

    Raises:
        ArchflowError: If fewer than `count` are left to measure, or `count` is above `MOST`.
    """
    known = np.unique(np.asarray(measured, np.int64))
    left = np.setdiff1d(np.arange(len(embeddings)), known)
    if not 1 <= count <= len(left):
        raise ArchflowError(f"choose: {count} of {len(left)} architectures without a label; ask for 1 to {len(left)}")
    if count > MOST:
        raise ArchflowError(f"choose: {count} at once; memory grows with the square of them, ask for at most {MOST}")
    size = min(len(left), max(CANDIDATES, count))
    candidates = np.sort(np.random.default_rng(seed).choice(left, size, replace=False))
    x = (embeddings - embeddings.mean(0, dtype=np.float64)) / (embeddings.std(0, dtype=np.float64) + 1e-6)
    covariance = prior(x[candidates], x[candidates])
    if len(known) > CANDIDATES:
        known = _nearest(x, candidates, known)
    if len(known):
        across = prior(x[known], x[candidates])
        within = prior(x[known], x[known]) + NOISE * np.eye(len(known))
        covariance -= across.T @ np.linalg.solve(within, across)
    chosen: list[int] = []
    for _ in range(count):
        variance = np.diag(covariance)
        gain = np.square(covariance).sum(0) / (variance + NOISE)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        covariance -= np.outer(covariance[best], covariance[best] / (variance[best] + NOISE))
    return candidates[chosen]


def prior(a: NDArray, b: NDArray) -> NDArray[np.float64]:
    """(n, m) covariances of standardised embeddings (n, D) and (m, D) before any label is seen."""
    return covariances(relations([a], [b], 0), prior_means(1, 1))


def _nearest(x: NDArray, candidates: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """The known rows of x (N, D) that are nearest to any candidate, ascending."""
    best = np.full(len(candidates), np.inf)
    nearest = np.zeros(len(candidates), np.int64)
    for first in range(0, len(known), CANDIDATES):
        some = known[first : first + CANDIDATES]
        squares = np.square(x[some]).sum(1) - 2 * x[candidates] @ x[some].T  # up to a term of the candidate's own
        closest = squares.argmin(1)
        distance = squares[np.arange(len(candidates)), closest]
        nearer = distance < best
        best[nearer], nearest[nearer] = distance[nearer], some[closest[nearer]]
    return np.unique(nearest)
