"""The outcome of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.pareto import first_front
from archflow.report import notebook
from archflow.search.base import Searcher
from archflow.search.budget import Budget
from archflow.search.record import Record

Values = NDArray[np.float64]

BEST = 10
"""Evaluations that a notebook shows."""


@dataclass(frozen=True)
class Outcome:
    """The evaluations of a search in the order in which their results came in, and the best of them.

    Attributes:
        searcher: The searcher, with its history.
        method: Name of the method.
        records: One record per evaluation.
        reported: Metrics that the method did not see.
        budget: The budget of the search.
    """

    searcher: Searcher
    method: str
    records: Sequence[Record]
    reported: Sequence[str]
    budget: Budget

    def __repr__(self) -> str:
        best = self.records[self.front[0]].metrics if self.eligible.any() else {}
        return f"Outcome({self.sentence()}; best: {', '.join(f'{k} {v:.5g}' for k, v in best.items()) or 'none'})"

    def _repr_html_(self) -> str:
        values = self.rising[:, 0] * float(self.searcher.problem.signs[0])
        drawn = notebook.curve(values, self.best_so_far(), self.objectives[0])
        return drawn + (notebook.table(repr(self), *self.table(BEST)) if self.eligible.any() else "")

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives, with a leading minus if lower is better."""
        return tuple(self.searcher.problem.objectives)

    @cached_property
    def rising(self) -> Values:
        """(R, M) objectives, signed so that higher is better; NaN for evaluations that failed."""
        problem = self.searcher.problem
        names = [name.removeprefix("-") for name in problem.objectives]
        table = [[record.metrics.get(name, np.nan) for name in names] for record in self.records]
        return np.array(table, np.float64).reshape(len(self.records), len(names)) * problem.signs

    @cached_property
    def eligible(self) -> NDArray[np.bool_]:
        """(R,) whether an evaluation can be the best: it is complete and satisfies the constraints."""
        problem = self.searcher.problem
        able = np.array([not record.failure and not record.stopped for record in self.records], bool)
        for row in np.flatnonzero(able).tolist():
            columns = {name: np.array([self.records[row].metrics[name]]) for name in problem.metrics}
            able[row] = problem.violation(columns)[0] == 0
        return able

    @cached_property
    def front(self) -> list[int]:
        """Rows of the best evaluation or, for several objectives, of the Pareto front.

        The front is in the order of the first objective.

        Raises:
            ArchflowError: If nothing could be measured, or nothing satisfies the constraints.
        """
        rows = np.flatnonzero(self.eligible)
        if len(rows) == 0:
            raise ArchflowError(self._why_none())
        rising = self.rising[rows]
        if rising.shape[1] == 1:
            return [int(rows[rising[:, 0].argmax()])]
        chosen = rows[first_front(rising)]
        return chosen[np.argsort(-self.rising[chosen, 0], kind="stable")].tolist()

    @property
    def best(self) -> dict[str, Any]:
        """The best evaluation as returned by `row`; for several objectives, the first of the front."""
        return self.row(self.front[0])

    def row(self, place: int) -> dict[str, Any]:
        """An evaluation with its architecture, as plain JSON values."""
        number = self.records[place].number
        native = self.searcher.space.format(self.searcher.history.architecture(number))
        return {"architecture": native, **self.line(place), "metrics": dict(self.records[place].metrics)}

    def line(self, place: int) -> dict[str, Any]:
        """A short form of an evaluation, as plain JSON values: query number, value, cost."""
        record, first = self.records[place], self.objectives[0].removeprefix("-")
        report = record.metrics.get(self.reported[0]) if self.reported else None
        line: dict[str, Any] = {"query": place + 1, "value": record.metrics.get(first), "report": report}
        line |= {"seconds": record.seconds, "end": record.end}
        if len(self.objectives) > 1:
            names = [name.removeprefix("-") for name in self.objectives]
            line["values"] = {name: record.metrics.get(name) for name in names}
        if record.failure:
            line["failure"] = record.failure
        if record.stopped:
            line["stopped_after"] = record.epochs
        return line

    def content(self) -> dict[str, Any]:
        """The whole outcome as plain JSON values."""
        front = {"front": [self.row(place) for place in self.front]} if len(self.objectives) > 1 else {}
        return {
            "best": self.best,
            **front,
            "history": [self.line(place) for place in range(len(self.records))],
            "method": self.method,
            "space": self.searcher.space.name,
        }

    def sentence(self) -> str:
        """A sentence on how much was measured, and by which method."""
        failures = [each.failure for each in self.records if each.failure]
        stopped = sum(bool(each.stopped) for each in self.records)
        asides = [f"{stopped} stopped early"] if stopped else []
        if failures:
            asides.append(f"{len(failures)} failed, the last one: {failures[-1]}")
        time = max((each.end for each in self.records), default=0.0)
        aside = f" ({'; '.join(asides)})" if asides else ""
        hours = f", {time / 3600:.1f} hours" if time >= 3600 else f", {time:.1f} seconds" if time > 0 else ""
        name = self.searcher.space.name
        return f"{self.method} in {name}: {len(self.records):,} evaluations{aside}{hours}"

    def table(self, most: int) -> tuple[list[str], list[list[object]]]:
        """Heads and rows of a table of the best evaluations, or of the front.

        Its columns are the query, the metrics (including constrained ones) and the architecture.
        """
        places = self.front
        if len(self.objectives) == 1:
            rows = np.flatnonzero(self.eligible)
            places = rows[np.argsort(-self.rising[rows, 0], kind="stable")][:most].tolist()
        names = list(dict.fromkeys([*self.searcher.problem.metrics, *self.reported]))
        rows = []
        for place in places:
            metrics = self.records[place].metrics
            values = [f"{metrics[name]:.5g}" if name in metrics else "–" for name in names]
            rows.append([place + 1, *values, self.row(place)["architecture"]])
        return ["query", *names, "architecture"], rows

    def best_so_far(self, metric: str | None = None) -> Values:
        """(R,) the best first objective after each evaluation, in its own sign, or another metric of that evaluation.

        NaN before there is one.
        """
        sign = float(self.searcher.problem.signs[0])
        best, found = None, np.full(len(self.records), np.nan)
        for place in range(len(self.records)):
            if self.eligible[place] and (best is None or self.rising[place, 0] > self.rising[best, 0]):
                best = place
            if best is not None:
                own = self.records[best].metrics.get(metric, np.nan) if metric else sign * self.rising[best, 0]
                found[place] = own
        return found

    def _why_none(self) -> str:
        measured = [place for place, record in enumerate(self.records) if not record.failure]
        if not measured:
            why = self.records[0].failure if self.records else "the budget allows no evaluation"
            return f"no architecture could be measured: {why}"
        if all(self.records[place].stopped for place in measured):
            return "every evaluation was stopped early; give a larger budget, or a rule that stops less"
        bounds = ", ".join(map(str, self.searcher.problem.constraints))
        nearest = min(measured, key=self._violation)
        names = dict.fromkeys(each.metric for each in self.searcher.problem.constraints)
        values = ", ".join(f"{name} {self.records[nearest].metrics[name]:.5g}" for name in names)
        return (
            f"none of the {len(measured)} measured architectures meets {bounds}; the nearest has {values}: "
            "loosen the constraints, or give a larger budget"
        )

    def _violation(self, place: int) -> float:
        problem = self.searcher.problem
        columns = {name: np.array([self.records[place].metrics[name]]) for name in problem.metrics}
        return float(problem.violation(columns)[0])
