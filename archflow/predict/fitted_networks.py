"""Fitted networks, and how their scores become predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Len, MinLen
from numpy.typing import NDArray

from archflow.described import Described
from archflow.encoders import Embedder
from archflow.errors import ArchflowError
from archflow.predict.base import Prediction
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.explain.contract import ByModel, Network, Networks
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import Objective
from archflow.predict.objectives.regression import Regression
from archflow.predict.ranking_model import ScoreModel

Values = NDArray[np.float64]


LARGEST_COUNT = 2.0**301
"""An upper bound on scores, and on labels in an objective's unit (`archflow.predict.unit`)."""

MEMBERS = 1000
"""The maximum number of networks in one predictor."""


class Arguments(Described):
    """The numeric arguments of the predictor's constructor, which checks their bounds."""

    members: int
    validation_share: float
    seed: int


class NetworksDescription(Described):
    """What `NetworkPredictor.save` writes.

    Attributes:
        embedders: As returned by `Embedder.describe`.
        arguments, settings: Those of the predictor.
        objectives: As returned by `describe_objective`, one per metric.
        metrics, flat, maps, residuals: As in `FittedNetworks`.
    """

    embedders: Annotated[list[dict[str, Any]], Len(1, MEMBERS)]
    arguments: Arguments
    settings: FineTuneSettings
    metrics: Annotated[list[str], MinLen(1)]
    flat: bool
    objectives: list[dict[str, Any]]
    maps: list[list[list[float]]]
    residuals: list[list[float]]


@dataclass(frozen=True)
class FittedNetworks:
    """K networks, and how their scores map to predictions.

    Attributes:
        models: K models.
        metrics: Names of the metrics.
        flat: Whether there is one metric that was not given as a column, so that predictions are (N,).
        objectives: One per metric, scaled to the labels.
        maps: (K, metrics) output maps of each model and metric.
        residuals: For each metric, the distances of labels from the predictions of members that held them out of
            training, on the objective's scale.
    """

    models: list[ScoreModel]
    metrics: list[str]
    flat: bool
    objectives: list[Objective]
    maps: list[list[Values]]
    residuals: list[CrossConformal]

    def counts(self, scores: Values) -> Values:
        """(K, N, metrics) scores -> the members' predictions, in the objectives' units."""
        return counts_of(scores, self.objectives, self.maps)

    def prediction(self, counts: Values) -> Prediction:
        """The mean and standard deviation of the members' predictions (K, N, metrics), in the labels' units."""
        mean = counts.mean(0)
        std = counts.std(0, ddof=1) if len(counts) > 1 else np.full_like(mean, np.nan)
        for metric, objective in enumerate(self.objectives):
            mean[:, metric] = objective.predictions(mean[:, metric])
            std[:, metric] = objective.unit.widths(std[:, metric])
        return Prediction(mean[:, 0], std[:, 0]) if self.flat else Prediction(mean, std)

    def by_model(self, counts: Values) -> ByModel:
        """The predictions together with those of each member, from counts (K, N, metrics).

        The deviation is the spread between the members, as in `prediction`.
        """
        members = np.stack(
            [
                [objective.predictions(own[:, metric]) for metric, objective in enumerate(self.objectives)]
                for own in counts
            ]
        ).transpose(0, 2, 1)
        mean, std = (part.reshape(members.shape[1:]) for part in self.prediction(counts.copy()))
        count = len(members)
        return ByModel(mean, std, members, float(np.sqrt(count / (count - 1))) if count > 1 else float("nan"))

    def networks(self, embedders: Sequence[Embedder], metric: int) -> Networks:
        """The members, with their slopes on the scale of the metric's objective; for a ranking, that of the scores."""
        objective = self.objectives[metric]
        slope = objective.sign * (objective.spread if isinstance(objective, Regression) else 1.0) / len(self.models)

        def constant(start: float, end: float) -> float:
            return slope

        each = enumerate(self.models)
        found = [Network(model, embedders[k % len(embedders)], metric, constant) for k, model in each]
        own = self.metrics[metric] if objective.linear else f"log {self.metrics[metric]}"
        return Networks(found, own if isinstance(objective, Regression) else "score")

    def interval(self, counts: Values, coverage: float) -> tuple[Values, Values]:
        """Intervals around the mean of the members' predictions (K, N, metrics), as wide as the residuals require."""
        mean = counts.mean(0)
        low, high = np.empty_like(mean), np.empty_like(mean)
        for metric, objective in enumerate(self.objectives):
            centre = objective.to_scale(mean[:, metric])
            ends = self.residuals[metric].interval(centre[None], np.ones(len(centre)), coverage)
            low[:, metric], high[:, metric] = (objective.predictions(objective.from_scale(end)) for end in ends)
        return (low[:, 0], high[:, 0]) if self.flat else (low, high)


def output_maps(scores: Values, labels: Values, objectives: Sequence[Objective]) -> list[list[Values]]:
    """Learn the (K, metrics) output maps of all members and metrics.

    Args:
        scores: (K, n, metrics) scores of labelled architectures.
        labels: (n, metrics) in the objectives' units; NaN where missing.
    """
    present = np.isfinite(labels)
    return [
        [
            objective.output_map(own[present[:, metric], metric], labels[present[:, metric], metric])
            for metric, objective in enumerate(objectives)
        ]
        for own in scores
    ]


def counts_of(scores: Values, objectives: Sequence[Objective], maps: Sequence[Sequence[Values]]) -> Values:
    """(K, N, metrics) scores -> predictions, in the objectives' units."""
    counts = np.empty_like(scores)
    for k, metric in np.ndindex(scores.shape[0], scores.shape[2]):
        objective = objectives[metric]
        counts[k, :, metric] = objective.from_scale(objective.outputs(scores[k, :, metric], maps[k][metric]))
    return counts


def maps_of(described: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> list[Values]:
    """Output maps, one per objective. Raises ArchflowError if an objective cannot have made its map."""
    maps = [np.array(each, float) for each in described]
    if len(maps) != len(objectives) or not all(map(_is_possible, maps, objectives)):
        raise ArchflowError("its output maps are not such as its objectives make; fit again")
    return maps


def _is_possible(output_map: Values, objective: Objective) -> bool:
    """Whether a map has the size of the objective's maps and gives predictions for ordinary scores."""
    two, scores = np.array([1.0, 2.0]), np.array([-1.0, 0.0, 1.0])
    if output_map.shape != objective.output_map(two, two).shape or (abs(output_map) > LARGEST_COUNT).any():
        return False
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            objective.predictions(objective.from_scale(objective.outputs(scores, output_map)))
    except FloatingPointError:
        return False
    return True


def residuals_of(
    predicted: Values, labels: Values, objectives: Sequence[Objective], train: NDArray, held: NDArray
) -> list[CrossConformal]:
    """For each metric, the distances of labels from the mean prediction of members that did not train on them.

    Args:
        predicted: (K, N, metrics) the members' predictions, in the objectives' units.
        labels: (N, metrics) in the objectives' units.
        train, held: (K, n), (K, v) rows that a member trains on, and rows that select its epoch.
    """
    unseen = np.zeros(predicted.shape[:2], bool)
    np.put_along_axis(unseen, held, True, 1)
    np.put_along_axis(unseen, train, False, 1)
    found = []
    for metric, objective in enumerate(objectives):
        rows = unseen.any(0) & np.isfinite(labels[:, metric])
        weight = unseen[:, rows]
        mean = (predicted[:, rows, metric] * weight).sum(0) / weight.sum(0)
        errors = objective.to_scale(labels[rows, metric]) - objective.to_scale(mean)
        found.append(CrossConformal.of(errors[None], np.ones((1, len(errors))), np.ones((1, len(errors)), bool)))
    return found
