"""The scale on which components learn labels: mean about 0, variance about 1, higher is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.monotone import KNOTS, monotone, usual_extremes, within_reach
from archflow.predict.objectives import Objective
from archflow.predict.rank_scale import normal_scores

Values = NDArray[np.float64]


@dataclass(frozen=True)
class TargetScale:
    """A rising map between targets and labels, whose sign is chosen so that higher is better.

    For rankings, targets are the normal scores of the labels: they keep only the order, as a ranking loss does, so that
    the few bad architectures of a benchmark do not dominate the fit. For values, they are standardised labels, with
    outliers moved to within one range of the other labels.

    Attributes:
        objective: The metric's objective, scaled to the labels.
        targets, labels: (m,) points that the map passes through, both strictly rising; two points make a line.
    """

    objective: Objective
    targets: Values
    labels: Values

    @classmethod
    def of(cls, objective: Objective, labels: Values, metric: str = "") -> tuple[Self, Values]:
        """Fit the scale to labels (n,) in the metric's own unit; return it with their targets (n,)."""
        objective = objective.spanning(labels, metric)
        objective = objective.scaled_to(objective.unit.counts(labels))
        rising = objective.sign * objective.to_scale(objective.unit.counts(labels))
        if objective.predicts_values:
            points, near = _pulled(rising)
            pulled = np.interp(rising, points, near) if len(points) else rising
            centre, spread = pulled.mean(), pulled.std()
            if len(points):
                return cls(objective, (near - centre) / spread, points), (pulled - centre) / spread
            return cls(objective, np.array([0.0, 1.0]), np.array([centre, centre + spread])), (rising - centre) / spread
        targets = normal_scores(rising)
        points, first = np.unique(rising, return_index=True)
        return cls(objective, targets[first], points), targets

    @property
    def log_spread(self) -> float | None:
        """As in `Lesson`: the change of a positive label's logarithm for each unit of its target."""
        if not self.objective.positive or not self.objective.predicts_values:
            return None
        # The median of the line's slopes: outliers are beyond its ends.
        return float(self.objective.sign * np.median(np.diff(self.labels) / np.diff(self.targets)))

    def means(self, targets: Values) -> Values:
        """Predicted targets (N,) -> values in the metric's unit, not far beyond the labels that were learnt."""
        objective = self.objective
        values = self._rising(targets)
        if not objective.predicts_values:
            usual = usual_extremes(self.labels)
            values = within_reach(values, self.labels[0], self.labels[-1], usual=usual, keep_sign=objective.linear)
        elif objective.linear:
            values = within_reach(values, *self._extremes, overshoot=np.inf)
        return self._in_unit(values)

    def ends(self, targets: Values) -> Values:
        """Ends of intervals: targets (N,) -> values in the metric's unit, however far beyond the labels."""
        return self._in_unit(self._rising(targets))

    def widths(self, low: Values, high: Values) -> Values:
        """Half the distance between two targets (N,), in the metric's unit."""
        objective = self.objective
        low, high = (objective.from_scale(objective.sign * self._rising(each)) for each in (low, high))
        if objective.unit.offset == 0 and objective.lowest is not None and objective.highest is not None:
            # Widths stay within possible values: labels that are all positive or all negative keep their sign.
            least, most = 0.0 if objective.lowest >= 0 else -np.inf, 0.0 if objective.highest <= 0 else np.inf
            low, high = np.clip(low, least, most), np.clip(high, least, most)
        return objective.unit.widths(np.abs(high - low) / 2)

    def _rising(self, targets: Values) -> Values:
        return monotone(targets, self.targets, self.labels)

    def _in_unit(self, rising: Values) -> Values:
        return self.objective.predictions(self.objective.from_scale(self.objective.sign * rising))

    @property
    def _extremes(self) -> Values:
        """The extremes of the labels, signed so that higher is better; for a linear scale only."""
        extremes = np.array([self.objective.lowest, self.objective.highest], float)
        return np.sort(self.objective.sign * self.objective.unit.counts(extremes))

    @classmethod
    def restored(cls, objective: Objective, targets: Values, labels: Values) -> Self:
        """Restore the scale from its points. Raises ArchflowError unless both rise strictly."""
        rising = all(len(each) > 1 and (np.diff(each) > 0).all() for each in (targets, labels))
        if not rising or len(targets) != len(labels):
            raise ArchflowError("the points of its scale do not rise; fit again")
        return cls(objective, targets, labels)


def _pulled(rising: Values) -> tuple[Values, Values]:
    """(P,) points that map outliers among labels (n,) inwards and keep all others; empty without outliers."""
    lowest, highest = usual_extremes(rising)
    before = [(rising.min(), 2 * lowest - highest)] if rising.min() < lowest else []
    after = [(rising.max(), 2 * highest - lowest)] if rising.max() > highest else []
    if not before and not after:
        return np.zeros(0), np.zeros(0)
    # The line between has many points, so that the map can tell outliers from them.
    points, near = np.array([*before, *((x, x) for x in np.linspace(lowest, highest, KNOTS)), *after]).T
    return points, near
