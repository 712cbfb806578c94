"""The learning curves of a search; each point records the time at which it became known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archflow.search.stopping.base import Curve, StoppingRule
from archflow.search.workers.base import Finished


class LearningCurves:
    """Collects the metrics of evaluations by epoch.

    Args:
        objective: Name of the objective, with a leading minus if lower is better.
        epochs: Epochs at which there are metrics; empty to derive them from the points seen.
        simulated: Whether points become known at their own time on a simulated clock; otherwise they are known at once.
    """

    def __init__(self, objective: str, epochs: Sequence[int], simulated: bool) -> None:
        self._metric, self._sign = objective.removeprefix("-"), -1.0 if objective.startswith("-") else 1.0
        self._epochs, self._simulated = tuple(epochs), simulated
        self._points: dict[int, dict[int, tuple[float, float]]] = {}  # number -> epochs -> (known since, value)

    @property
    def epochs(self) -> Sequence[int]:
        """The epochs at which there are metrics."""
        return self._epochs or sorted({epoch for each in self._points.values() for epoch in each})

    def add(self, number: int, begin: float, epochs: int, metrics: Mapping[str, float]) -> None:
        """Add a point to the curve of an evaluation that began at `begin`."""
        since = begin + metrics.get("seconds", 0.0) if self._simulated else 0.0
        self._points.setdefault(number, {})[epochs] = since, self._sign * metrics[self._metric]

    def replace(self, number: int, begin: float, curve: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        """Replace the curve of an evaluation."""
        self._points.pop(number, None)
        for epochs, metrics in curve:
            self.add(number, begin, epochs, metrics)

    def stops(self, rule: StoppingRule, under_way: Finished) -> bool:
        """Whether a rule stops a running evaluation at its current point.

        Other evaluations count with what was known at that time: after an interruption, a simulated evaluation that is
        measured again is earlier on the clock than some that have ended.
        """
        self.add(under_way.number, under_way.begin, under_way.epochs, under_way.metrics)
        now, _ = self._points[under_way.number][under_way.epochs]
        curves: dict[int, Curve] = {
            number: {epochs: value for epochs, (since, value) in points.items() if since <= now}
            for number, points in self._points.items()
        }
        curve, known = curves.pop(under_way.number), self.epochs
        return under_way.epochs < known[-1] and rule.stops(curve, [each for each in curves.values() if each], known)
