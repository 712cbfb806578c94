"""The history of a search: which architectures were asked for, and what came back. It is all the state of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.predict.pareto import first_front
from archflow.search.growing import GrowingArray, GrowingSet
from archflow.search.problem import Problem

Ints = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass
class Trial:
    """One architecture that was asked for.

    Attributes:
        number: From 0, in the order of asking.
        key: Its canonical form in the space.
        origin: Why it was proposed, in a few words, such as "random" or "mutant of 12".
        belief: (mean, standard deviation) of the objective when it was proposed, better when higher; None if the
            searcher has no model.
        metrics: What was measured; None while it is pending.
        failure: Why it could not be measured; "" if it could.
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
    """What was asked and what came back, in order.

    Attributes:
        problem: What is searched for.
        trials: In the order of asking.
        done: Numbers of the measured trials, in the order in which they came back.
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

    def __len__(self) -> int:
        return len(self.trials)

    def __contains__(self, key: str) -> bool:
        """Whether the architecture of this canonical form was asked for."""
        return key in self._number

    def trial(self, key: str) -> Trial:
        """The trial of this canonical form. Raises KeyError."""
        return self.trials[self._number[key]]

    @property
    def architectures(self) -> ArchitectureSet:
        """All that were asked for, in that order."""
        return self._asked.architectures

    def architecture(self, number: int) -> Architecture:
        """That of a trial."""
        return self.architectures[number]

    @property
    def measured(self) -> ArchitectureSet:
        """The D measured architectures, in the order in which results came back."""
        return self.architectures.select(np.array(self.done, np.int64))

    @property
    def rising(self) -> Values:
        """(D, M) the objectives of the measured trials, all better when higher, in the order of `done`."""
        return self._rising.rows

    @property
    def violation(self) -> Values:
        """(D,) by how much the measured trials break the constraints; 0 where they keep them."""
        return self._violation.rows

    @property
    def fitness(self) -> Values:
        """(D,) what a search for one objective maximises: the objective where no constraint is broken. Those that break
        one are below all others, the worst offence lowest."""
        value, broken = self.rising[:, 0], self.violation
        return np.where(broken > 0, value.min() - 1 - broken, value) if self._broken else value

    @property
    def pending(self) -> list[int]:
        """Numbers of the trials without a result."""
        return [trial.number for trial in self.trials if trial.state == "pending"]

    @property
    def best(self) -> list[Trial]:
        """The best trial; for several objectives the Pareto front. None that breaks a constraint."""
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
        """Add N pending trials of new canonical forms."""
        self._asked.append(architectures)
        for key, origin, belief in zip(keys, origins, beliefs, strict=True):
            self._number[key] = len(self.trials)
            self.trials.append(Trial(len(self.trials), key, origin, belief))

    def tell(self, key: str, metrics: Mapping[str, float] | None, failure: str = "") -> None:
        """Add the result of a pending trial.

        Args:
            key: Its canonical form.
            metrics: What was measured, all of `problem.metrics`; None if it could not be.
            failure: Why it could not.

        Raises:
            ArchflowError: The trial has a result already, or a metric is missing.
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
        """Add the results of N pending trials. One that failed, or whose metrics are not finite, has no metrics.

        Args:
            keys: Their canonical forms.
            columns: Metrics (N,) by name, all of `problem.metrics` and perhaps more.
            failures: Why each could not be measured; "" if it could.
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
