"""Objectives that predict values."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.predict.monotone import within_reach
from archflow.predict.objectives.base import OBJECTIVES, Objective, Values


@dataclass(frozen=True)
class Regression(Objective):
    """An objective that predicts values: scores are standardised labels.

    Args:
        centre: Mean of the labels on the objective's scale; set by `scaled_to`.
        spread: Their standard deviation; set by `scaled_to`.
    """

    centre: float = 0.0
    spread: float = 1.0

    predicts_values = True

    def scaled_to(self, labels: Values) -> Regression:
        scaled = self.to_scale(labels)
        return replace(self, centre=float(scaled.mean()), spread=float(scaled.std()))

    def targets(self, labels: Values) -> Values:
        return self.sign * (self.to_scale(labels) - self.centre) / self.spread

    @abstractmethod
    def errors(self, scores: Tensor, targets: Tensor) -> Tensor:
        """The loss of every architecture: (..., n) scores and targets, all finite -> (..., n)."""

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        present = ~targets.isnan()
        errors = self.errors(scores, torch.where(present, targets, scores.detach()))
        return (errors * present).sum(-1) / present.sum(-1).clamp(min=1)

    def output_map(self, scores: Values, labels: Values) -> Values:
        return np.zeros(0)  # centre and spread suffice

    def outputs(self, scores: Values, output_map: Values) -> Values:
        return self.centre + self.sign * self.spread * scores


@OBJECTIVES.register("squared")
@dataclass(frozen=True)
class Squared(Regression):
    """Squared error of the standardised label."""

    measure = "negative_rmse"

    def to_scale(self, labels: Values) -> Values:
        return labels

    def from_scale(self, values: Values) -> Values:
        return values

    def outputs(self, scores: Values, output_map: Values) -> Values:
        values = super().outputs(scores, output_map)
        if self.lowest is None or self.highest is None:
            return values
        return within_reach(values, *self.unit.counts(np.array([self.lowest, self.highest])), overshoot=np.inf)

    def errors(self, scores: Tensor, targets: Tensor) -> Tensor:
        return (scores - targets).square()

    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """Negative root mean square error, in standard deviations of the labels."""
        return -np.sqrt(_mean_of_present(np.square(scores - targets), targets))


@dataclass(frozen=True)
class Positive(Regression):
    """Regression on the logarithm of positive labels, so that every prediction is positive."""

    measure = "negative_relative_error"
    positive = True

    def to_scale(self, labels: Values) -> Values:
        return np.log(labels)

    def from_scale(self, values: Values) -> Values:
        return np.exp(values)

    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """Negative mean relative error."""
        errors = np.abs(np.expm1(self.sign * self.spread * (scores - targets)))
        return -_mean_of_present(errors, targets)


@OBJECTIVES.register("log")
@dataclass(frozen=True)
class Log(Positive):
    """Squared error of the standardised logarithm: for positive labels, also over several decades."""

    def errors(self, scores: Tensor, targets: Tensor) -> Tensor:
        return (scores - targets).square()


@OBJECTIVES.register("relative")
@dataclass(frozen=True)
class Relative(Positive):
    """Absolute error relative to the label, as in MAPE; for positive labels."""

    def errors(self, scores: Tensor, targets: Tensor) -> Tensor:
        ratio = self.sign * self.spread * (scores - targets)
        # Beyond a factor of e too high, the exponential would dominate the loss: it continues as a straight line.
        return (torch.expm1(ratio.clamp(max=1.0)) + torch.e * (ratio - 1.0).clamp(min=0.0)).abs() / self.spread


def _mean_of_present(errors: NDArray, targets: NDArray) -> Values:
    """Mean error of every row's present targets: (K, n), (K, n) -> (K,); 0 for a row without any."""
    present = ~np.isnan(targets)
    return np.where(present, errors, 0).sum(1) / np.maximum(present.sum(1), 1)
