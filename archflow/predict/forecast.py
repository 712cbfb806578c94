"""A fitted stack's forecast: computed once, and read as predictions, intervals and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.predict.base import Prediction
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.explain.contract import ByModel
from archflow.predict.target_scale import TargetScale

Values = NDArray[np.float64]

DRAWS = 400
"""The number of draws that estimate the probability of being among the best."""


@dataclass(frozen=True)
class Forecast:
    """Predictions of N architectures by F models.

    Attributes:
        means: (F, N) predictions, on the scale of the targets.
        deviations: (N,) deviations of these predictions.
        conformal: Computes intervals from both.
        scale: The scale of the targets.
    """

    means: Values
    deviations: Values
    conformal: CrossConformal
    scale: TargetScale

    @property
    def mean(self) -> Values:
        """(N,) mean over the models, on the scale of the targets; higher is better."""
        return self.means.mean(0)

    @property
    def order(self) -> Values:
        """(N,) values that rise with the predicted metric, even if predictions in its unit are rounded or bounded."""
        return self.scale.objective.sign * self.mean

    @property
    def prediction(self) -> Prediction:
        """Predictions in the metric's unit.

        std is the standard deviation of labels around the prediction, calibrated on held-out labels.
        """
        mean, reach = self.mean, self.deviations * self.conformal.one_sigma
        return Prediction(self.scale.means(mean), self.scale.widths(mean - reach, mean + reach))

    def by_model(self) -> ByModel:
        """The predictions together with those of each model, in the metric's unit.

        The models learn from overlapping labels and have errors in common, so that they differ less than predictions
        and labels do. They are widened so that their spread over these architectures is, in the median, the calibrated
        deviation of the predictions.
        """
        mean, std = self.prediction
        models = np.stack([self.scale.means(each) for each in self.means])
        spread, known = self.means.std(0), self.deviations * self.conformal.one_sigma
        there = spread > 0
        widening = float(np.median(known[there] / spread[there])) if there.any() else float("nan")
        return ByModel(mean[:, None], std[:, None], models[:, :, None], widening)

    def interval(self, coverage: float) -> tuple[Values, Values]:
        """(N,) low and high ends in the metric's unit. Raises ArchflowError if there are too few labels."""
        mean = self.mean
        low, high = self.conformal.interval(self.means, self.deviations, coverage)
        ends = self.scale.ends(np.minimum(low, mean)), self.scale.ends(np.maximum(high, mean))
        centre = self.scale.means(mean)
        return np.minimum(np.minimum(*ends), centre), np.maximum(np.maximum(*ends), centre)

    def top_probability(self, k: int, seed: int) -> Values:
        """(N,) the fraction of draws from all predictions in which each is among the best k."""
        mean, sigma = self.mean, self.deviations * self.conformal.one_sigma
        k = whole("top_probability: k", k, 1, len(mean))
        rng, found = np.random.default_rng(seed), np.zeros(len(mean))
        for _ in range(DRAWS):
            drawn = rng.normal(mean, sigma)
            found[np.argpartition(-drawn, k - 1)[:k]] += 1
        return found / DRAWS

    def select(self, rows: NDArray[np.int64]) -> Forecast:
        """The forecast of the chosen architectures."""
        return Forecast(self.means[:, rows], self.deviations[rows], self.conformal, self.scale)
