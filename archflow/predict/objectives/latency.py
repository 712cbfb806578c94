"""Objectives of the latency predictors for NNLQP: the squared relative error of a positive score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archflow.bounds import bounded
from archflow.predict.objectives.base import OBJECTIVES, Objective, Values

_LEAST = -50.0
"""Lower scores count as this one: a prediction stays positive."""


@dataclass(frozen=True)
class PositiveOutput(Objective):
    """Predictions are `centre` * softplus(score), with the score's sign turned if low values are good.

    For latency this is also NAR-Former V2's -log(sigmoid(score)): the same function of the turned score.

    Args:
        centre: The geometric mean of the labels; set by `scaled_to`. The published models predict milliseconds
            directly. Here the loss does not depend on the unit.
    """

    centre: float = bounded(1.0, above=0.0)

    measure = "negative_relative_error"
    positive = True
    predicts_values = True

    def scaled_to(self, labels: Values) -> PositiveOutput:
        return replace(self, centre=float(np.exp(np.log(labels).mean())))

    def targets(self, labels: Values) -> Values:
        """The scores whose predictions are the labels: higher is better."""
        counted = labels / self.centre
        return self.sign * (counted + np.log(-np.expm1(-counted)))  # the inverse of softplus

    def ratios(self, scores: Tensor, targets: Tensor) -> Tensor:
        """(..., n) prediction / label; 1 where the label is missing."""
        present = ~targets.isnan()
        labels = F.softplus(self.sign * targets.nan_to_num())
        return torch.where(present, F.softplus(self.sign * scores) / labels, 1.0)

    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """Negative mean relative error."""
        present = ~np.isnan(targets)
        ratio = self.to_outputs(scores) / self.to_outputs(np.where(present, targets, scores))
        return -np.abs(ratio - 1).sum(1) / np.maximum(present.sum(1), 1)

    def output_map(self, scores: Values, labels: Values) -> Values:
        return np.zeros(0)  # centre suffices

    def outputs(self, scores: Values, output_map: Values) -> Values:
        return np.log(self.to_outputs(scores))

    def to_outputs(self, scores: NDArray) -> Values:
        """Scores -> predictions in the labels' unit."""
        return self.centre * np.logaddexp(0.0, np.maximum(self.sign * scores.astype(np.float64), _LEAST))

    def to_scale(self, labels: Values) -> Values:
        return np.log(labels)

    def from_scale(self, values: Values) -> Values:
        return np.exp(values)


def _mean(errors: Tensor, targets: Tensor) -> Tensor:
    """(..., n) errors, 0 where the target is missing -> (...) mean over the others."""
    return errors.sum(-1) / (~targets.isnan()).sum(-1).clamp(min=1)


@OBJECTIVES.register("relative_squared")
@dataclass(frozen=True)
class RelativeSquared(PositiveOutput):
    """Mean of (prediction / label - 1)^2; for positive labels.

    Source: Liu et al. (NNLQP), ICPP 2022; Yi et al. (NAR-Former V2), NeurIPS 2023. NNLP's own output has no softplus
    and may be negative.
    """

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return _mean((self.ratios(scores, targets) - 1).square(), targets)


@OBJECTIVES.register("consistent_relative")
@dataclass(frozen=True)
class ConsistentRelative(PositiveOutput):
    """`relative_squared` of two passes with different dropout, plus the distance between the two predictions.

        mean (p1/y - 1)^2 + mean (p2/y - 1)^2 + agreement * mean |p1 - p2|

    Without a second pass (an odd number of scores, or two halves with different targets) it is `relative_squared`.

    Args:
        agreement: The weight of the last term, whose predictions are in units of `centre`.

    Source: Xu et al. (NN-Former), CVPR 2025, the released code for NNLQP.
    """

    agreement: float = bounded(0.01, least=0)

    passes: ClassVar[int] = 2

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        half = scores.shape[-1] // 2
        first, second = targets[..., :half], targets[..., half:]
        errors = (self.ratios(scores, targets) - 1).square()
        if first.shape != second.shape or not torch.equal(first.nan_to_num(), second.nan_to_num()):
            return _mean(errors, targets)
        predicted = F.softplus(self.sign * scores)
        apart = (predicted[..., :half] - predicted[..., half:]).abs() * ~first.isnan()
        return 2 * _mean(errors, targets) + self.agreement * _mean(apart, first)
