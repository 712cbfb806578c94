"""The effects of changes on a prediction, with paired deviations over the predictor's models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.predict.explain.contract import Explainable
from archflow.predict.explain.explanation import Effect
from archflow.predict.explain.rows import Rows

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """Predicted differences between an architecture and C changed ones.

    Attributes:
        prediction, std: The prediction for the architecture.
        predictions: (C,) those for the changed ones.
        values: (C,) differences, in per cent of the prediction or in the metric's unit.
        deviations: (C,) their standard deviations, NaN if the predictor has one model only.
        reads_columns: Whether the prediction changes if the table's columns are not known.
    """

    prediction: float
    std: float
    predictions: Values
    values: Values
    deviations: Values
    reads_columns: bool

    def __getitem__(self, change: int) -> Effect:
        """The effect of one change."""
        return Effect(float(self.values[change]), float(self.deviations[change]))

    def mean(self, changes: NDArray[np.int64]) -> float:
        """The mean effect of some changes, NaN without any."""
        return float(self.values[changes].mean()) if len(changes) else float("nan")


def effects_of(predictor: Explainable, rows: Rows, metric: int, relative: bool) -> Effects:
    """Predict an architecture and all its changed versions at once, and compare them.

    The deviation of a difference is taken over the models of the predictor, each of which predicts both sides, so that
    errors common to both cancel.

    Args:
        predictor: The predictor.
        rows: As `Rows.of` makes them.
        metric: The index of the metric.
        relative: Whether differences are in per cent of the prediction.
    """
    found = predictor.by_model(rows.table)
    mean, models = found.mean[:, metric], found.models[:, :, metric]
    values = _differences(mean[None], rows.base, relative)[0]
    deviations = found.deviation(_differences(models, rows.base, relative))
    bare = not np.isclose(mean[0], mean[1], rtol=1e-6, atol=0)
    return Effects(float(mean[0]), float(found.std[0, metric]), mean[2:], values, deviations, bare)


def _differences(predictions: Values, base: NDArray[np.int64], relative: bool) -> Values:
    """(M, 2 + C) predictions -> (M, C) differences of the changed ones to their base."""
    before, after = predictions[:, base], predictions[:, 2:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return 100 * (after / before - 1) if relative else after - before
