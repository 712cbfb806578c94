"""Conformal intervals for which all labels are both learnt from and used to calibrate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

ONE_SIGMA = 0.6827
"""The probability that a normal variable lies within one standard deviation of its mean."""

ENTRIES = 2**24
"""The maximum number of values that are sorted at once: 128 MB."""


@dataclass(frozen=True)
class CrossConformal:
    """CV+ intervals, normalised by the deviation of each prediction, with repeated folds.

    With one model they are those of split conformal prediction (Lei et al. 2018).

    Source: Barber et al. 2021, "Predictive inference with the jackknife+", section 3.

    Attributes:
        ratios: (P,) |label - prediction| / deviation, for each label and each model that did not learn from it.
        models: (P,) index of that model among the F models.
        labels: n, the number of labels.
    """

    ratios: Values
    models: NDArray[np.int64]
    labels: int

    @classmethod
    def of(cls, errors: Values, deviations: Values, tested: NDArray[np.bool_]) -> CrossConformal:
        """Calibrate on errors and deviations (F, n) where a model was tested on a label."""
        models, labels = np.nonzero(tested)
        ratios = np.abs(errors[models, labels]) / deviations[models, labels]
        return cls(ratios, models, tested.shape[1])

    @classmethod
    def restored(cls, ratios: Values, models: Values, labels: int, folds: int) -> CrossConformal:
        """Restore a calibration from its ratios. Raises ArchflowError if they are damaged."""
        whole = np.array_equal(models, models.astype(np.int64)) and len(models) == len(ratios) >= labels >= 0
        if not whole or (ratios < 0).any() or models.min(initial=0) < 0 or models.max(initial=0) >= folds:
            raise ArchflowError("its calibration is damaged; restore the file, or fit again")
        return cls(ratios, models.astype(np.int64), labels)

    def interval(self, means: Values, deviations: Values, coverage: float) -> tuple[Values, Values]:
        """Compute the ends of the intervals for the labels of N architectures.

        Args:
            means: (F, N) predictions of the models.
            deviations: (N,) deviations of these predictions.
            coverage: The fraction of labels to be inside, for architectures drawn as the labelled ones were.

        Raises:
            ArchflowError: If there are too few labels for this coverage.
        """
        place = self.place(coverage)
        low, high = np.empty(means.shape[1]), np.empty(means.shape[1])
        step = max(1, ENTRIES // len(self.ratios))
        for first in range(0, means.shape[1], step):
            some = slice(first, first + step)
            reach = self.ratios[:, None] * deviations[some]
            centre = means[self.models, some]
            low[some] = -np.partition(reach - centre, place - 1, axis=0)[place - 1]
            high[some] = np.partition(reach + centre, place - 1, axis=0)[place - 1]
        return low, high

    def place(self, coverage: float) -> int:
        """The rank, counted from 1 and from the inside, of the calibration end that bounds intervals.

        Raises:
            ArchflowError: If there are too few labels for this coverage.
        """
        if not 0 < coverage < 1:
            raise ArchflowError(f"coverage {coverage:g}: give a fraction between 0 and 1, such as 0.9")
        place = math.ceil((self.labels + 1) * coverage)
        if place > self.labels:
            raise ArchflowError(
                f"coverage {coverage:g} needs more than {self.labels} labels; the most that these promise is "
                f"{self.labels / (self.labels + 1):.3f}"
            )
        return math.ceil(len(self.ratios) * place / self.labels)  # each label counts once, however often it is tested

    @property
    def one_sigma(self) -> float:
        """The factor that turns a deviation into a standard deviation."""
        return max(float(np.quantile(self.ratios, ONE_SIGMA)), 1e-9)
