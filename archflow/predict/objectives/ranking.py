"""Objectives that use only the order of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archflow.bounds import bounded
from archflow.predict.metrics import kendall_tau_rows
from archflow.predict.monotone import monotone, quantile_knots, usual_extremes, within_reach
from archflow.predict.objectives.base import OBJECTIVES, Objective, Values
from archflow.pretext.ranking_loss import pairwise_hinge

DECADES = 100.0
"""Positive labels are predicted by their logarithm if the largest exceeds the smallest by more than this factor."""


@dataclass(frozen=True)
class Ranking(Objective):
    """An objective that uses only the order of labels.

    The quantiles of scores are mapped to those of labels, or of their logarithms if positive labels span decades.
    Predictions exceed the labels by at most a tenth of their range on that scale, and have no sign that no label has.
    """

    measure = "tau"

    @property
    def linear(self) -> bool:
        return self.lowest is None or self.highest is None or not 0 < self.lowest < self.highest / DECADES

    def scaled_to(self, labels: Values) -> Ranking:
        return self

    def to_scale(self, labels: Values) -> Values:
        return labels if self.linear else np.log(labels)

    def from_scale(self, values: Values) -> Values:
        return values if self.linear else np.exp(values)

    def targets(self, labels: Values) -> Values:
        """Ranks from 0, with ties equal, so that any increasing map of the labels gives the same targets."""
        targets = np.full(labels.shape, np.nan)
        present = np.isfinite(labels)
        targets[present] = np.unique(self.sign * labels[present], return_inverse=True)[1]
        return targets

    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """Kendall's tau-b."""
        present = np.isfinite(targets)
        if present.all():
            return kendall_tau_rows(scores, targets)
        rows = zip(scores, targets, present, strict=True)
        return np.array([kendall_tau_rows(s[p][None], t[p][None])[0] if p.sum() > 1 else 0.0 for s, t, p in rows])

    def output_map(self, scores: Values, labels: Values) -> Values:
        """(2 KNOTS,) quantiles of scores, then those of labels, signed so that both rise."""
        return np.concatenate([quantile_knots(scores), quantile_knots(self.sign * self.to_scale(labels), least=0.0)])

    def outputs(self, scores: Values, output_map: Values) -> Values:
        knots, values = np.split(output_map, 2)
        rising = monotone(scores, knots, values)
        usual = usual_extremes(values)
        return self.sign * within_reach(rising, values[0], values[-1], usual=usual, keep_sign=self.linear)


@OBJECTIVES.register("hinge")
@dataclass(frozen=True)
class Hinge(Ranking):
    """Pairwise hinge loss: the better architecture's score must be higher by `margin`.

    Source: Ning et al. (GATES), ECCV 2020; FGP's released code.
    """

    margin: float = bounded(0.5, least=0)

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        return pairwise_hinge(scores, targets, self.margin)


@OBJECTIVES.register("bpr")
@dataclass(frozen=True)
class BPR(Ranking):
    """Bayesian personalised ranking: logistic loss of the score difference, mean over pairs.

    Source: Rendle et al., UAI 2009; as in BRP-NAS and PINAT, all pairs of a batch are used.
    """

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        is_pair = targets[..., :, None] > targets[..., None, :]  # (..., n, n); False where either is NaN
        losses = F.softplus(scores[..., None, :] - scores[..., :, None]) * is_pair
        return losses.sum((-2, -1)) / is_pair.sum((-2, -1)).clamp(min=1)


@OBJECTIVES.register("listmle")
@dataclass(frozen=True)
class ListMLE(Ranking):
    """Negative log-likelihood of the true order under the Plackett-Luce model, per architecture.

    Ties are taken in the order of the batch, which is random.

    Source: Xia et al., ICML 2008.
    """

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        present = ~targets.isnan()
        # Missing targets come last, with scores that add nothing to any sum of exponentials.
        order = targets.nan_to_num(nan=-torch.inf).sort(dim=-1, descending=True, stable=True).indices
        present = present.gather(-1, order)
        ranked = scores.gather(-1, order).masked_fill(~present, -1e9)
        rest = ranked.flip(-1).logcumsumexp(-1).flip(-1)  # over each architecture and all after it
        return ((rest - ranked) * present).sum(-1) / present.sum(-1).clamp(min=1)
