"""Objectives: what a predictor is trained for, selected by, and how its scores become values of the metric.

A third-party package adds one in one file and registers it through the entry-point group
`archflow.predict.objectives`, or with `@OBJECTIVES.register("name")`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.predict.metrics import kendall_tau_rows, regression_summary, summary
from archflow.predict.monotone import monotone, quantile_knots
from archflow.pretext.ranking_loss import pairwise_hinge
from archflow.registry import Registry

Values = NDArray[np.float64]

OBJECTIVES: Registry[type[Objective]] = Registry("objective", "archflow.predict.objectives")


@dataclass(frozen=True)
class Objective(ABC):
    """Loss, selection score, output map and direction of one metric.

    A network gives every architecture one score; a higher score always means better. In `fit`, a predictor calls
    `scaled_to` once, trains on `loss(scores, targets)`, keeps the epoch with the highest `selection_score`, and then
    learns the output map; in `predict`, it calls `outputs` and `from_scale`.

    Args:
        lower_is_better: Whether low values of the metric are the good ones, as for latency.
    """

    lower_is_better: bool = False

    measure: ClassVar[str]
    """The name of what `selection_score` measures."""
    positive: ClassVar[bool] = False
    """Whether labels must be positive."""
    predicts_values: ClassVar[bool] = False
    """Whether predictions are to be close to the labels, and not only in their order."""

    @property
    def sign(self) -> float:
        """1 if high values are good, -1 if low values are."""
        return -1.0 if self.lower_is_better else 1.0

    @abstractmethod
    def scaled_to(self, labels: Values) -> Objective:
        """This objective, with what it must know about the labels to learn from: (n,), all finite."""

    def check(self, labels: Values, what: str) -> None:
        """Refuse labels that the objective cannot learn.

        Args:
            labels: (N,), NaN where missing.
            what: What they are called.

        Raises:
            ArchflowError: Naming the first label that is not possible.
        """
        if self.positive and (labels <= 0).any():
            raise ArchflowError(
                f"{what}: {labels[labels <= 0][0]:g} is not positive and has no relative error; learn it by 'squared'"
            )

    @abstractmethod
    def targets(self, labels: Values) -> Values:
        """What the loss compares scores with, higher is better: (n,) labels -> (n,). NaN stays NaN."""

    @abstractmethod
    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """(..., n) scores and targets -> (...) loss. A NaN target is missing; without any target the loss is 0."""

    @abstractmethod
    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """(K, n) scores and targets of held-out architectures -> (K,), higher is better. A NaN target is missing."""

    @abstractmethod
    def output_map(self, scores: Values, labels: Values) -> Values:
        """What `outputs` must know besides the objective: (n,) scores of labelled architectures, labels -> (P,)."""

    @abstractmethod
    def outputs(self, scores: Values, output_map: Values) -> Values:
        """(n,) scores -> (n,) predictions on the scale of `to_scale`."""

    @abstractmethod
    def to_scale(self, labels: Values) -> Values:
        """Labels on the scale on which errors are symmetric: the labels' own, or their logarithm."""

    @abstractmethod
    def from_scale(self, values: Values) -> Values:
        """The inverse of `to_scale`."""

    def quality(self, predicted: Values, measured: Values) -> dict[str, float] | None:
        """How good predictions are, by name, or None if fewer than ten architectures are measured.

        Args:
            predicted: (N,) in the metric's unit.
            measured: (N,), NaN where not measured.
        """
        known = np.isfinite(measured)
        if known.sum() < 10:
            return None
        predicted, measured = predicted[known], measured[known]
        errors = regression_summary(predicted, measured) if self.predicts_values and measured.all() else {}
        return {**summary(self.sign * predicted, self.sign * measured), **errors}


@dataclass(frozen=True)
class Ranking(Objective):
    """An objective that sees only the order of labels. The quantiles of scores are mapped to those of labels."""

    measure = "tau"

    def scaled_to(self, labels: Values) -> Ranking:
        return self

    def to_scale(self, labels: Values) -> Values:
        return labels

    def from_scale(self, values: Values) -> Values:
        return values

    def targets(self, labels: Values) -> Values:
        """Ranks from 0, equal labels share one: any increasing map of the labels gives the same."""
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
        """(2 KNOTS,) quantiles of scores, then those of labels with the sign that makes them rise."""
        return np.concatenate([quantile_knots(scores), quantile_knots(self.sign * labels)])

    def outputs(self, scores: Values, output_map: Values) -> Values:
        return self.sign * monotone(scores, *np.split(output_map, 2))


@OBJECTIVES.register("hinge")
@dataclass(frozen=True)
class Hinge(Ranking):
    """Pairwise hinge loss: the better architecture's score must be higher by `margin`.

    Source: Ning et al. (GATES), ECCV 2020; FGP's released code.
    """

    margin: float = 0.5

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

    Equal labels are taken in the order of the batch, which is random.

    Source: Xia et al., ICML 2008.
    """

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        present = ~targets.isnan()
        # Missing ones come last, with a score that adds nothing to any sum of exponentials.
        order = targets.nan_to_num(nan=-torch.inf).sort(dim=-1, descending=True, stable=True).indices
        present = present.gather(-1, order)
        ranked = scores.gather(-1, order).masked_fill(~present, -1e9)
        rest = ranked.flip(-1).logcumsumexp(-1).flip(-1)  # of every architecture and all behind it
        return ((rest - ranked) * present).sum(-1) / present.sum(-1).clamp(min=1)


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
        return np.zeros(0)  # centre and spread say it all

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
    """Absolute error relative to the label: what MAPE measures, for positive labels."""

    def errors(self, scores: Tensor, targets: Tensor) -> Tensor:
        ratio = self.sign * self.spread * (scores - targets)
        # Beyond a factor of e too high, the exponential would drown all others: it continues as a straight line.
        return (torch.expm1(ratio.clamp(max=1.0)) + torch.e * (ratio - 1.0).clamp(min=0.0)).abs() / self.spread


def describe_objective(objective: Objective) -> dict[str, Any]:
    """An objective as JSON holds it.

    Raises:
        ArchflowError: If its class has no registered name.
    """
    for name in OBJECTIVES.names():
        if OBJECTIVES.get(name) is type(objective):
            return {"name": name, **asdict(objective)}
    raise ArchflowError(f"{type(objective).__name__} has no name; register it with @OBJECTIVES.register to save it")


def rebuild_objective(about: Mapping[str, Any]) -> Objective:
    """The objective that `describe_objective` described."""
    return OBJECTIVES.get(about["name"])(**{name: value for name, value in about.items() if name != "name"})


def one_for_each(objective: Objective | str | Sequence[Objective | str], n_metrics: int) -> list[Objective]:
    """One objective per metric: the given one for all of them, or as many as given.

    Raises:
        ArchflowError: If their number does not fit, or a name is unknown.
    """
    given = [objective] if isinstance(objective, str | Objective) else list(objective)
    made = [OBJECTIVES.get(each)() if isinstance(each, str) else each for each in given]
    if len(made) == 1:
        made *= n_metrics
    if len(made) != n_metrics:
        raise ArchflowError(f"{len(made)} objectives for {n_metrics} metrics; give one, or one for each metric")
    return made


def _mean_of_present(errors: NDArray, targets: NDArray) -> Values:
    """Mean error of every row's present targets: (K, n), (K, n) -> (K,); 0 for a row without any."""
    present = ~np.isnan(targets)
    return np.where(present, errors, 0).sum(1) / np.maximum(present.sum(1), 1)
