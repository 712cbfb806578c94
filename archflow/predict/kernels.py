"""Gaussian processes whose kernel is a sum of parts, each with its own variance.

Of the P parts, the first L are Matern-3/2 kernels of distances, each with its own length; the others are given as
kernel values, of which only the variances are learnt. The hyperparameters (P + L + 1,) are the logarithms of the
variances, the lengths, and the noise variance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

ITERATIONS = 60
"""The maximum number of optimiser steps."""

LEAST_NOISE = 1e-4
"""The least noise variance; it keeps covariances of equal architectures invertible."""

NOISE = 0.1
"""Prior noise variance of a measurement, relative to a signal of variance 1."""

DOUBT = 1.5
"""Prior standard deviation of the hyperparameters, which are logarithms."""

REACH = np.log(1e3)
"""How far hyperparameters may move from their prior means."""


def relations(a: list[Values], b: list[Values], linear: int) -> Values:
    """(P, n, m) inputs of the kernel parts for standardised columns (n, D) and (m, D).

    These are root mean square differences times the square root of 3 and, for a linear part on each of the last
    `linear` matrices, mean products.
    """
    apart = [
        np.sqrt(np.maximum(np.square(x).sum(1)[:, None] + np.square(z).sum(1) - 2 * x @ z.T, 0) * 3 / x.shape[1])
        for x, z in zip(a, b, strict=True)
    ]
    last = len(a) - linear
    return np.stack(apart + [x @ z.T / x.shape[1] for x, z in zip(a[last:], b[last:], strict=True)])


def with_context(parts: Values, lengths: int, near: Values) -> Values:
    """(2 P + 1, n, m) the parts, the similarity of devices or tasks, and the product of each part with it.

    So one device can differ from another by a constant, and in how it depends on everything else. Matern kernels in
    products have the length 1.

    Args:
        parts: (P, n, m) `relations`.
        lengths: L, the number of Matern parts; they come first.
        near: (n, m) similarities of the devices or tasks, 1 for the same one.
    """
    kernels = np.concatenate([(1 + parts[:lengths]) * np.exp(-parts[:lengths]), parts[lengths:]])
    return np.concatenate([parts, near[None], kernels * near])


def covariances(seen: Values, theta: Values) -> Values:
    """(n, m) covariances without noise, for `relations` (P, n, m)."""
    variances, lengths, _ = split(theta, len(seen))
    total = np.tensordot(variances[len(lengths) :], seen[len(lengths) :], 1)
    for each, variance, length in zip(seen, variances, lengths, strict=False):
        u = each / length
        total += variance * (1 + u) * np.exp(-u)
    return total


def split(theta: Values, parts: int) -> tuple[Values, Values, float]:
    """Hyperparameters of P parts -> (P,) variances, (L,) lengths, and the noise variance."""
    values = np.exp(theta)
    return values[:parts], values[parts:-1], float(values[-1])


def prior_means(parts: int, lengths: int) -> Values:
    """(P + L + 1,) prior means of the hyperparameters."""
    return np.log([*[1 / parts] * parts, *[1.0] * lengths, NOISE])


def hyperparameters(seen: Values, y: Values, lengths: int, start: Values | None = None) -> Values:
    """Find the hyperparameters (P + L + 1,) that make targets (n,) most likely, given their `relations` (P, n, n).

    The process has mean zero. A normal prior with mean `prior_means` and standard deviation `DOUBT` regularises them.
    The optimiser starts at `start`, or at the prior means if it is None.
    """
    from scipy.optimize import minimize

    before = prior_means(len(seen), lengths)
    bounds = np.stack([before - REACH, before + REACH], 1)
    bounds[-1, 0] = np.log(LEAST_NOISE)
    options = {"maxiter": ITERATIONS}
    first = before if start is None else start
    return minimize(_loss, first, (seen, y, before), "L-BFGS-B", jac=True, bounds=bounds, options=options).x


def _loss(theta: Values, seen: Values, y: Values, before: Values) -> tuple[float, Values]:
    """The negative logarithm of marginal likelihood times prior, up to a constant, and its gradient.

    Source: Rasmussen and Williams, Gaussian processes for machine learning, 2006, equations 5.8 and 5.9.
    """
    from scipy.linalg import get_lapack_funcs

    variances, lengths, noise = split(theta, len(seen))
    of_length, parts = len(lengths), seen * variances[:, None, None]
    by_length = np.empty_like(seen[:of_length])
    for i, length in enumerate(lengths):
        u = seen[i] / length
        decay = np.exp(-u) * variances[i]
        by_length[i] = decay * u * u
        parts[i] = decay * (1 + u)
    covariance = parts.sum(0)
    np.einsum("ii->i", covariance)[:] += noise
    factorise, solve, invert = get_lapack_funcs(("potrf", "potrs", "potri"), (covariance,))
    root, failed = factorise(covariance, lower=True)
    if failed:
        return 1e10, np.zeros_like(theta)
    weights, _ = solve(root, y, lower=True)
    half, _ = invert(root, lower=True)
    inverse = np.tril(half) + np.tril(half, -1).T
    slope = (inverse - np.outer(weights, weights)).ravel()
    matrices = (each.reshape(-1, slope.size) for each in (parts, by_length))
    gradient = np.concatenate([*(each @ slope for each in matrices), [noise * slope[:: len(y) + 1].sum()]])
    away = (theta - before) / DOUBT
    loss = y @ weights / 2 + np.log(np.diag(root)).sum() + np.square(away).sum() / 2
    return loss, gradient / 2 + away / DOUBT
