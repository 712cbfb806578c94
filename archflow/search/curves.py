"""Extrapolation of learning curves from their first epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

PENALTY = 1e-2
"""Ridge penalty, for inputs with standard deviation 1."""


class CurvePredictor:
    """Predicts whole learning curves from their first values.

    Full curves are projected onto their leading singular vectors, and a ridge regression predicts these coefficients
    from the first values of a curve. The prediction error is estimated by leave-one-out cross-validation on the full
    curves.

    Args:
        curves: (n, T) full curves, n at least 2.
        components: Number of singular vectors; fewer if the curves have lower rank.

    Source: Yan et al., "NAS-Bench-x11 and the power of learning curves", NeurIPS 2021; their regression also takes the
    architecture as input.

    Raises:
        ArchflowError: If there are too few curves, or a curve has gaps.
    """

    def __init__(self, curves: Values, components: int = 4) -> None:
        curves = np.asarray(curves, np.float64)
        if curves.ndim != 2 or len(curves) < 2 or not np.isfinite(curves).all():
            raise ArchflowError(f"learning curves: {curves.shape} values; give two or more curves without gaps")
        self.curves = curves
        self.mean = curves.mean(0)
        _, strength, directions = np.linalg.svd(curves - self.mean, full_matrices=False)
        kept = strength > 1e-12 * max(strength[0], 1e-300)
        self.directions: Values = directions[kept][:components]  # (k, T)

    def curve(self, first: Values) -> Values:
        """Predict whole curves (M, T) from their first m values (M, m), which are returned unchanged."""
        first = np.asarray(first, np.float64)
        seen = first.shape[1]
        coefficients = (self.curves - self.mean) @ self.directions.T  # (n, k)
        weights, centre, spread = _ridge(self.curves[:, :seen], coefficients)
        predicted = self.mean + (((first - centre) / spread) @ weights) @ self.directions
        return np.concatenate([first, predicted[:, seen:]], 1)

    def end(self, first: Values) -> tuple[Values, float]:
        """Predict the (M,) last values of curves from their first m values (M, m), and their standard deviation."""
        seen = first.shape[1]
        x, y = self.curves[:, :seen], self.curves[:, -1]
        z = np.concatenate([(x - x.mean(0)) / _spread(x), np.ones((len(x), 1))], 1)
        penalty = PENALTY * len(x) * np.eye(seen + 1)
        penalty[-1, -1] = 0.0
        hat = z @ np.linalg.solve(z.T @ z + penalty, z.T)
        left_out = (y - self._ends(x)) / np.maximum(1 - np.diag(hat), 1e-3)
        return self._ends(first), float(np.sqrt(np.mean(left_out**2)))

    def _ends(self, first: Values) -> Values:
        return self.curve(first)[:, -1]


def _ridge(x: Values, targets: Values) -> tuple[Values, Values, Values]:
    """Fit ridge weights (m, k) on standardised inputs; returns them with the inputs' means and deviations.

    Targets have mean 0.
    """
    centre, spread = x.mean(0), _spread(x)
    z = (x - centre) / spread
    weights = np.linalg.solve(z.T @ z + PENALTY * len(x) * np.eye(x.shape[1]), z.T @ targets)
    return weights, centre, spread


def _spread(x: Values) -> Values:
    spread = x.std(0)
    return np.where(spread > 0, spread, 1.0)
