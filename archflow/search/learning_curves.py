"""The learning curves of a search, each point with the time since when it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archflow.search.stopping.base import Curve, StoppingRule
from archflow.search.workers.base import Finished


class LearningCurves:
    """What evaluations measured after which epochs.

    Args:
        objective: Its name, with a minus in front if lower is better.
        epochs: After which there are metrics; empty to go by what is seen.
        simulated: Whether points are known from their own time on a simulated clock; else from the start.
    """

    def __init__(self, objective: str, epochs: Sequence[int], simulated: bool) -> None:
        self._metric, self._sign = objective.removeprefix("-"), -1.0 if objective.startswith("-") else 1.0
        self._epochs, self._simulated = tuple(epochs), simulated
        self._points: dict[int, dict[int, tuple[float, float]]] = {}  # number -> epochs -> (since when, value)

    @property
    def epochs(self) -> Sequence[int]:
        """Those after which there are metrics."""
        return self._epochs or sorted({epoch for each in self._points.values() for epoch in each})

    def add(self, number: int, begin: float, epochs: int, metrics: Mapping[str, float]) -> None:
        """Add a point to the curve of an evaluation that began at `begin`."""
        since = begin + metrics.get("seconds", 0.0) if self._simulated else 0.0
        self._points.setdefault(number, {})[epochs] = since, self._sign * metrics[self._metric]

    def replace(self, number: int, begin: float, curve: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        """Let the curve of an evaluation have these points alone."""
        self._points.pop(number, None)
        for epochs, metrics in curve:
            self.add(number, begin, epochs, metrics)

    def stops(self, rule: StoppingRule, under_way: Finished) -> bool:
        """Whether a rule stops an evaluation that has come so far.

        Of the others counts what was known at that time: after an interruption, a simulated evaluation that is measured
        again lies behind some that have ended.
        """
        self.add(under_way.number, under_way.begin, under_way.epochs, under_way.metrics)
        now, _ = self._points[under_way.number][under_way.epochs]
        curves: dict[int, Curve] = {
            number: {epochs: value for epochs, (since, value) in points.items() if since <= now}
            for number, points in self._points.items()
        }
        curve, known = curves.pop(under_way.number), self.epochs
        return under_way.epochs < known[-1] and rule.stops(curve, [each for each in curves.values() if each], known)
