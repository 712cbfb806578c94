"""The history of a search: the architectures asked for and their results. It is the complete state of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.predict.pareto import first_front
from archflow.report import notebook
from archflow.search.growing import GrowingArray, GrowingSet
from archflow.search.problem import Problem

Ints = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass
class Trial:
    """One architecture that was asked for.

    Attributes:
        number: Index from 0, in the order in which trials were asked for.
        key: Canonical form of the architecture in the space.
        origin: Short reason for the proposal, such as "random" or "mutant of 12".
        belief: (mean, standard deviation) predicted for the objective at proposal time, better when higher; None
            without a model.
        metrics: The measured metrics; None while pending.
        failure: Why the architecture could not be measured; "" otherwise.
    """

    number: int
    key: str
    origin: str = ""
    belief: tuple[float, float] | None = None
    metrics: Mapping[str, float] | None = None
    failure: str = ""

    @property
    def state(self) -> str:
        """`pending`, `failed` or `done`."""
        if self.failure:
            return "failed"
        return "pending" if self.metrics is None else "done"


@dataclass
class History:
    """The trials of a search and their results, in order.

    Attributes:
        problem: The search problem.
        trials: All trials, in the order in which they were asked for.
        done: Numbers of the measured trials, in the order in which their results came in.
    """

    problem: Problem
    trials: list[Trial] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    _number: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._asked = GrowingSet(self.problem.space.vocabulary)
        self._rising = GrowingArray(np.empty((0, len(self.problem.objectives))))
        self._violation = GrowingArray(np.empty(0))
        self._broken = False

    def __repr__(self) -> str:
        best = [f"{name} {value:.5g}" for each in self.best[:1] for name, value in (each.metrics or {}).items()]
        return f"History({len(self)} asked, {len(self.done)} measured; best: {', '.join(best) or 'none'})"

    def _repr_html_(self) -> str:
        values = self.rising[:, 0]
        best = np.maximum.accumulate(np.where(self.violation == 0, values, -np.inf))
        sign = float(self.problem.signs[0])
        drawn = notebook.curve(values * sign, best * sign, self.problem.objectives[0])
        rows = [(each.number, each.origin, *(f"{v:.5g}" for v in (each.metrics or {}).values())) for each in self.best]
        return drawn + notebook.table(repr(self), ("best", "origin", *self.problem.metrics), rows)

    def __len__(self) -> int:
        return len(self.trials)

    def __contains__(self, key: str) -> bool:
        """Whether the architecture with this canonical form was asked for."""
        return key in self._number

    def trial(self, key: str) -> Trial:
        """The trial with this canonical form. Raises KeyError."""
        return self.trials[self._number[key]]

    @property
    def architectures(self) -> ArchitectureSet:
        """All architectures that were asked for, in order."""
        return self._asked.architectures

    def architecture(self, number: int) -> Architecture:
        """The architecture of a trial."""
        return self.architectures[number]

    @property
    def measured(self) -> ArchitectureSet:
        """The D measured architectures, in the order in which their results came in."""
        return self.architectures.select(np.array(self.done, np.int64))

    @property
    def rising(self) -> Values:
        """(D, M) objectives of the measured trials, signed so that higher is better, in the order of `done`."""
        return self._rising.rows

    @property
    def violation(self) -> Values:
        """(D,) constraint violations of the measured trials; 0 where all constraints are satisfied."""
        return self._violation.rows

    @property
    def fitness(self) -> Values:
        """(D,) what a single-objective search maximises: the objective where all constraints are satisfied.

        Trials that break a constraint rank below all others, the largest violation last.
        """
        value, broken = self.rising[:, 0], self.violation
        return np.where(broken > 0, value.min() - 1 - broken, value) if self._broken else value

    @property
    def pending(self) -> list[int]:
        """Numbers of the trials without a result."""
        return [trial.number for trial in self.trials if trial.state == "pending"]

    @property
    def best(self) -> list[Trial]:
        """The best trial or, for several objectives, the Pareto front; only trials that satisfy the constraints."""
        kept = np.flatnonzero(self.violation == 0)
        if len(kept) == 0:
            return []
        rising = self.rising[kept]
        chosen = first_front(rising) if rising.shape[1] > 1 else np.array([rising[:, 0].argmax()])
        return [self.trials[self.done[kept[place]]] for place in chosen]

    def ask(
        self,
        architectures: ArchitectureSet,
        keys: Sequence[str],
        origins: Sequence[str],
        beliefs: Sequence[tuple[float, float] | None],
    ) -> None:
        """Append N pending trials with new canonical forms."""
        self._asked.append(architectures)
        for key, origin, belief in zip(keys, origins, beliefs, strict=True):
            self._number[key] = len(self.trials)
            self.trials.append(Trial(len(self.trials), key, origin, belief))

    def tell(self, key: str, metrics: Mapping[str, float] | None, failure: str = "") -> None:
        """Record the result of a pending trial.

        Args:
            key: Canonical form of its architecture.
            metrics: Measured values of all `problem.metrics`; None if it could not be measured.
            failure: Why it could not be measured.

        Raises:
            ArchflowError: If the trial already has a result, or a metric is missing.
        """
        trial = self.trial(key)
        if trial.state != "pending":
            raise ArchflowError(f"search: architecture {trial.number} has a result already; each is measured once")
        if metrics is None:
            metrics, failure = dict.fromkeys(self.problem.metrics, np.nan), failure or "no result"
        missing = [name for name in self.problem.metrics if name not in metrics]
        if missing:
            raise ArchflowError(
                f"search: the evaluation gave no {missing[0]!r}; it gave: {', '.join(metrics) or 'nothing'}"
            )
        self.take([key], {name: np.array([value], np.float64) for name, value in metrics.items()}, [failure])

    def take(self, keys: Sequence[str], columns: Mapping[str, Values], failures: Sequence[str]) -> None:
        """Record the results of N pending trials.

        A trial that failed, or has a metric that is not finite, gets no metrics.

        Args:
            keys: Canonical forms (N).
            columns: Metrics (N,) by name: all `problem.metrics`, and possibly more.
            failures: Why each could not be measured; "" otherwise.
        """
        finite = np.isfinite([columns[name] for name in self.problem.metrics])
        kept = finite.all(0) & np.array([not failure for failure in failures], bool)
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        for place, (key, row, good) in enumerate(zip(keys, rows, kept.tolist(), strict=True)):
            trial = self.trial(key)
            if good:
                trial.metrics = dict(zip(columns, row, strict=True))
                self.done.append(trial.number)
            else:
                trial.failure = failures[place] or self._not_finite(columns, place)
        if kept.any():
            self._rising.extend(self.problem.rising(columns)[kept])
            violation = self.problem.violation(columns)[kept]
            self._violation.extend(violation)
            self._broken |= bool(violation.any())

    def _not_finite(self, columns: Mapping[str, Values], place: int) -> str:
        name = next(name for name in self.problem.metrics if not np.isfinite(columns[name][place]))
        return f"{name} is {columns[name][place]}"
