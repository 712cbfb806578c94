"""The likely error of a prediction, learnt from the errors of held-out predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

PRIOR = 60.0
"""Weight, in labels, of the prior belief that all predictions are equally uncertain."""

LARGEST = 50.0
"""An upper bound on the magnitude of a coefficient."""

FLOOR = 1e-3
"""The least deviation, in standard deviations of the labels."""


@dataclass(frozen=True)
class Spread:
    """log deviation = intercept + slopes . (signs - centre) / scale.

    Signs of uncertainty are, for example, the components' own deviations and their disagreement.

    Attributes:
        centre, scale: (S,) mean and scale of the signs.
        coefficients: (1 + S,) intercept and slopes.
    """

    centre: Values
    scale: Values
    coefficients: Values

    @classmethod
    def of(cls, signs: Values, errors: Values) -> Spread:
        """Fit by maximum likelihood to errors (n,) with a Laplace distribution, given signs (n, S)."""
        from scipy.optimize import minimize

        centre, scale = signs.mean(0), np.maximum(signs.std(0), 1e-9)
        inputs = np.concatenate([np.ones((len(signs), 1)), (signs - centre) / scale], 1)
        sizes = np.maximum(np.abs(errors), FLOOR)
        start = np.zeros(inputs.shape[1])
        start[0] = np.log(sizes.mean())
        prior = np.full(len(start), PRIOR)
        prior[0] = 0.0

        def loss(coefficients: Values) -> tuple[float, Values]:
            log = inputs @ coefficients
            ratio = sizes * np.exp(-log)
            value = (log + ratio).sum() + 0.5 * (prior * coefficients**2).sum()
            return float(value), inputs.T @ (1 - ratio) + prior * coefficients

        return cls(centre, scale, minimize(loss, start, jac=True, method="L-BFGS-B").x)

    @classmethod
    def restored(cls, centre: Values, scale: Values, coefficients: Values) -> Spread:
        """Restore a spread from its arrays. Raises ArchflowError if they contradict each other."""
        alike = len(centre) == len(scale) == len(coefficients) - 1
        if not alike or (scale <= 0).any() or np.abs(coefficients).max() > LARGEST:
            raise ArchflowError("the arrays of its deviations contradict each other; restore the file, or fit again")
        return cls(centre, scale, coefficients)

    def __call__(self, signs: Values) -> Values:
        """(..., S) signs -> (...) deviations. Signs are clipped to the range that was learnt from."""
        standardised = np.clip((signs - self.centre) / self.scale, -3, 3)
        return np.maximum(np.exp(self.coefficients[0] + standardised @ self.coefficients[1:]), FLOOR)
