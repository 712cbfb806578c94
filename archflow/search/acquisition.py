"""Acquisition functions: how promising an architecture is, given the mean and standard deviation of its prediction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def expected_improvement(mean: Values, std: Values, best: float) -> Values:
    """(N,) expected improvement over `best`; higher is better.

    Source: Mockus 1978; Jones, Schonlau and Welch 1998, equation 15.
    """
    from scipy.stats import norm

    std = np.maximum(std, 1e-12)
    u = (mean - best) / std
    return std * (u * norm.cdf(u) + norm.pdf(u))
