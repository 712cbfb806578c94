"""Which architectures to measure first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.predict.gaussian_process import NOISE, prior_kernel

CANDIDATES = 2000
"""Architectures among which the choice is made, if there are more: the covariances of all pairs are kept."""


def choose(embeddings: NDArray, count: int, measured: ArrayLike = (), seed: int = 21) -> NDArray[np.int64]:
    """(count,) rows of the architectures worth measuring, the most telling first.

    Each next one is that whose label would lower most what a Gaussian process does not know: the average variance over
    the candidates, given those chosen before (active learning after Cohn; D. Cohn, Z. Ghahramani, M. Jordan, 1996). The
    variance does not hang on the labels themselves, so that all can be measured at once. The process is
    `EmbeddingGP`'s before it has seen a label.

    embeddings: (N, D) of everything that could be measured. measured: rows whose label is known already. seed: draws
    the candidates, `CANDIDATES` of the rows that are not measured (all, if there are fewer).

    Raises ArchflowError if fewer than `count` are left to measure.
    """
    known = np.unique(np.asarray(measured, np.int64))
    left = np.setdiff1d(np.arange(len(embeddings)), known)
    if not 1 <= count <= len(left):
        raise ArchflowError(f"choose: {count} of {len(left)} architectures without a label; ask for 1 to {len(left)}")
    size = min(len(left), max(CANDIDATES, count))
    candidates = np.sort(np.random.default_rng(seed).choice(left, size, replace=False))
    x = (embeddings - embeddings.mean(0, dtype=np.float64)) / (embeddings.std(0, dtype=np.float64) + 1e-6)
    covariance = prior_kernel(x[candidates], x[candidates])
    if len(known):
        across = prior_kernel(x[known], x[candidates])
        within = prior_kernel(x[known], x[known]) + NOISE * np.eye(len(known))
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
