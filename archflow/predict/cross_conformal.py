"""Intervals that hold, with all labels learnt from and all of them calibrating."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

ONE_SIGMA = 0.6827
"""The part of a normal distribution within one standard deviation."""

ENTRIES = 2**24
"""Numbers that are sorted at once: 128 MB."""


@dataclass(frozen=True)
class CrossConformal:
    """CV+ intervals (Barber et al. 2021, "Predictive inference with the jackknife+", section 3), normalised by how
    unsure every prediction is, and with folds that are repeated. With one model they are those of split conformal
    prediction (Lei et al. 2018).

    Attributes:
        ratios: (P,) |label - prediction| / deviation of every label by every model that did not learn from it.
        models: (P,) which of the F models that is.
        labels: n, how many labels there are.
    """

    ratios: Values
    models: NDArray[np.int64]
    labels: int

    @classmethod
    def of(cls, errors: Values, deviations: Values, tested: NDArray[np.bool_]) -> CrossConformal:
        """From errors and deviations (F, n), where a model did not learn from a label."""
        models, labels = np.nonzero(tested)
        ratios = np.abs(errors[models, labels]) / deviations[models, labels]
        return cls(ratios, models, tested.shape[1])

    @classmethod
    def restored(cls, ratios: Values, models: Values, labels: int, folds: int) -> CrossConformal:
        """With the ratios of another. Raises ArchflowError if they are of no calibration."""
        whole = np.array_equal(models, models.astype(np.int64)) and len(models) == len(ratios) >= labels >= 0
        if not whole or (ratios < 0).any() or models.min(initial=0) < 0 or models.max(initial=0) >= folds:
            raise ArchflowError("its calibration is damaged; restore the file, or fit again")
        return cls(ratios, models.astype(np.int64), labels)

    def interval(self, means: Values, deviations: Values, coverage: float) -> tuple[Values, Values]:
        """The ends of the intervals that hold the labels of N architectures.

        Args:
            means: (F, N) predictions of the models.
            deviations: (N,) how unsure they are.
            coverage: The share of labels that intervals are to hold, of architectures drawn as those labelled were.

        Raises:
            ArchflowError: For a coverage that so few labels cannot promise.
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
        """Which of the ends that calibrate, counted from 1 and from the inside, is that of intervals.

        Raises:
            ArchflowError: For a coverage that so few labels cannot promise.
        """
        if not 0 < coverage < 1:
            raise ArchflowError(f"coverage {coverage:g} must lie between 0 and 1")
        place = math.ceil((self.labels + 1) * coverage)
        if place > self.labels:
            raise ArchflowError(
                f"coverage {coverage:g} needs more than {self.labels} labels; the most that these promise is "
                f"{self.labels / (self.labels + 1):.3f}"
            )
        return math.ceil(len(self.ratios) * place / self.labels)  # labels count once, however often they are tested

    @property
    def one_sigma(self) -> float:
        """The factor that makes a deviation a standard deviation."""
        return max(float(np.quantile(self.ratios, ONE_SIGMA)), 1e-9)
