"""Upper bounds that hold among architectures that were selected by their predictions.

An interval holds for architectures drawn in the same way as the labelled ones. A selection prefers candidates with a
high predicted accuracy and a low predicted latency, among them those whose latency is underestimated: the winner's
curse. Errors are therefore first predicted from the quantities that the selection uses, and then bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

RIDGE = 1.0
"""Penalty of the coefficients of standardised predictions, in labels."""


@dataclass(frozen=True)
class ChosenBounds:
    """One-sided conformal bounds (Vovk et al. 2005; Lei et al. 2018) around corrected predictions.

    A linear model predicts the errors from all predictions that the selection uses. If errors depend on these, the
    errors of selected architectures differ from those of others; the remaining errors differ less. Each label's
    remaining error is that of a model fitted without the label.

    Attributes:
        centre, scale: (P,) mean and standard deviation of the predictions that were learnt from.
        coefficients: (1 + P,) intercept and slopes of the errors.
        ratios: (n,) remaining errors divided by deviations, ascending.
    """

    centre: Values
    scale: Values
    coefficients: Values
    ratios: Values

    @classmethod
    def of(cls, predictions: Values, errors: Values, deviations: Values) -> Self:
        """Learn from held-out predictions.

        Args:
            predictions: (n, P) predictions of what the choice looks at, by models that did not learn from the label.
            errors: (n,) true minus predicted value of what is bounded.
            deviations: (n,) the deviations of its predictions.
        """
        centre, scale = predictions.mean(0), np.maximum(predictions.std(0), 1e-9)
        inputs = np.column_stack([np.ones(len(errors)), (predictions - centre) / scale])
        penalty = np.diag([0.0, *[RIDGE] * predictions.shape[1]])
        inverse = np.linalg.inv(inputs.T @ inputs + penalty)
        coefficients = inverse @ inputs.T @ errors
        leverage = np.einsum("np,pq,nq->n", inputs, inverse, inputs)
        left = (errors - inputs @ coefficients) / np.maximum(1 - leverage, 1e-3)
        return cls(centre, scale, coefficients, np.sort(left / deviations))

    def upper(self, predictions: Values, predicted: Values, deviations: Values, coverage: float) -> Values:
        """(N,) upper bounds that hold for this fraction of the chosen ones.

        Args:
            predictions: (N, P) as in `of`.
            predicted: (N,) predictions of what is bounded.
            deviations: (N,) their deviations.
            coverage: Between 0 and 1.

        Raises:
            ArchflowError: If there are too few labels for this coverage.
        """
        if not 0 < coverage < 1:
            raise ArchflowError(f"coverage {coverage:g}: give a fraction between 0 and 1, such as 0.9")
        place = math.ceil((len(self.ratios) + 1) * coverage)
        if place > len(self.ratios):
            raise ArchflowError(
                f"a bound that holds with {coverage:g} needs more than {len(self.ratios)} labels; the most that these "
                f"promise is {len(self.ratios) / (len(self.ratios) + 1):.3f}"
            )
        # Beyond what was learnt from, the line is not continued.
        standardised = np.clip((predictions - self.centre) / self.scale, -3, 3)
        correction = self.coefficients[0] + standardised @ self.coefficients[1:]
        return predicted + correction + self.ratios[place - 1] * deviations
