"""What fitting networks gave, and how their scores become predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Len, MinLen
from numpy.typing import NDArray

from archflow.described import Described
from archflow.errors import ArchflowError
from archflow.predict.base import Prediction
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import Objective
from archflow.predict.ranking_model import ScoreModel

Values = NDArray[np.float64]


LARGEST_COUNT = 2.0**301
"""Above what a score or a label as an objective counts it can be (`archflow.predict.unit`)."""

MEMBERS = 1000
"""The most networks of one predictor."""


class Arguments(Described):
    """Those of the predictor's constructor that are numbers; it knows their bounds."""

    members: int
    validation_share: float
    seed: int


class NetworksDescription(Described):
    """What `NetworkPredictor.save` writes.

    Attributes:
        embedders: As `Embedder.describe` gives them.
        arguments, settings: Of the predictor.
        objectives: As `describe_objective` gives them, one for each metric.
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
    """K networks, and what is known of their scores.

    Attributes:
        models: K of them.
        metrics: Their names.
        flat: Whether there is one metric that was not given as a column, so that predictions are (N,).
        objectives: Of every metric, scaled to the labels.
        maps: (K, metrics) of each, the output map of every metric.
        residuals: Of every metric, how far labels were from the prediction of the members that held them out of
            training, on the objective's scale.
    """

    models: list[ScoreModel]
    metrics: list[str]
    flat: bool
    objectives: list[Objective]
    maps: list[list[Values]]
    residuals: list[CrossConformal]

    def counts(self, scores: Values) -> Values:
        """(K, N, metrics) scores -> what the members predict, as the objectives count labels."""
        return counts_of(scores, self.objectives, self.maps)

    def prediction(self, counts: Values) -> Prediction:
        """Of the members' counts (K, N, metrics): their mean and standard deviation, as labels."""
        mean = counts.mean(0)
        std = counts.std(0, ddof=1) if len(counts) > 1 else np.full_like(mean, np.nan)
        for metric, objective in enumerate(self.objectives):
            mean[:, metric] = objective.predictions(mean[:, metric])
            std[:, metric] = objective.unit.widths(std[:, metric])
        return Prediction(mean[:, 0], std[:, 0]) if self.flat else Prediction(mean, std)

    def interval(self, counts: Values, coverage: float) -> tuple[Values, Values]:
        """Around the mean of the members' counts (K, N, metrics), with the reach of the residuals."""
        mean = counts.mean(0)
        low, high = np.empty_like(mean), np.empty_like(mean)
        for metric, objective in enumerate(self.objectives):
            centre = objective.to_scale(mean[:, metric])
            ends = self.residuals[metric].interval(centre[None], np.ones(len(centre)), coverage)
            low[:, metric], high[:, metric] = (objective.predictions(objective.from_scale(end)) for end in ends)
        return (low[:, 0], high[:, 0]) if self.flat else (low, high)


def output_maps(scores: Values, labels: Values, objectives: Sequence[Objective]) -> list[list[Values]]:
    """(K, metrics) the output map of every member and metric.

    Args:
        scores: (K, n, metrics) of labelled architectures.
        labels: (n, metrics), counted by the objectives; NaN where missing.
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
    """(K, N, metrics) scores -> predictions, as the objectives count labels."""
    counts = np.empty_like(scores)
    for k, metric in np.ndindex(scores.shape[0], scores.shape[2]):
        objective = objectives[metric]
        counts[k, :, metric] = objective.from_scale(objective.outputs(scores[k, :, metric], maps[k][metric]))
    return counts


def maps_of(described: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> list[Values]:
    """Output maps, one for each objective. Raises ArchflowError if one is not such as its objective makes."""
    maps = [np.array(each, float) for each in described]
    if len(maps) != len(objectives) or not all(map(_is_possible, maps, objectives)):
        raise ArchflowError("its output maps are not such as its objectives make; fit again")
    return maps


def _is_possible(output_map: Values, objective: Objective) -> bool:
    """Whether a map has the size of the objective's, and ordinary scores have predictions by it."""
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
    """How far the labels of every metric are from the mean of the members that did not train on them.

    Args:
        predicted: (K, N, metrics) the members' predictions, counted as labels are.
        labels: (N, metrics), counted by the objectives.
        train, held: (K, n), (K, v) rows that a member trains on, and that choose its epoch.
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
