"""Intervals that hold: how wide they must be is read off labels that nothing was fitted to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

ONE_SIGMA = 0.6827
"""The share of a normal distribution within one standard deviation."""


@dataclass(frozen=True)
class Conformal:
    """Normalised split conformal prediction (Lei et al. 2018, section 5).

    ratios: (n,) |label - mean| / spread of the calibration rows, ascending.
    """

    ratios: Values

    @classmethod
    def of(cls, labels: Values, mean: Values, spread: Values) -> Conformal:
        """From calibration rows (n,); rows without a label do not count."""
        present = np.isfinite(labels)
        return cls(np.sort(np.abs(labels - mean)[present] / spread[present]))

    def factor(self, coverage: float) -> float:
        """How many spreads an interval reaches to either side so that, of rows drawn like the calibration's, at least
        the share `coverage` of labels lies within.

        Raises ArchflowError for a share that so few calibration rows cannot promise.
        """
        count = len(self.ratios)
        if not 0 < coverage < 1:
            raise ArchflowError(f"coverage {coverage:g} must lie between 0 and 1")
        place = math.ceil((count + 1) * coverage)
        if place > count:
            raise ArchflowError(
                f"coverage {coverage:g} needs more than {count} calibration labels; the most they promise is "
                f"{count / (count + 1):.3f}"
            )
        return float(self.ratios[place - 1])

    @property
    def one_sigma(self) -> float:
        """The factor that makes a spread a standard deviation."""
        return max(float(np.quantile(self.ratios, ONE_SIGMA)), 1e-9) if len(self.ratios) else 1.0
