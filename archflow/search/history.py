"""The history of a search: which architectures were asked for, and what came back. It is all the state of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.search.pareto import first_front
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
    _sets: list[ArchitectureSet] = field(default_factory=list)
    _rising: list[Values] = field(default_factory=list)
    _violation: list[float] = field(default_factory=list)

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
        if not self._sets:
            return ArchitectureSet.from_architectures([], self.problem.space.vocabulary)
        if len(self._sets) > 1:
            self._sets = [ArchitectureSet.concatenate(self._sets)]
        return self._sets[0]

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
        return np.array(self._rising).reshape(len(self.done), len(self.problem.objectives))

    @property
    def violation(self) -> Values:
        """(D,) by how much the measured trials break the constraints; 0 where they keep them."""
        return np.array(self._violation)

    @property
    def fitness(self) -> Values:
        """(D,) what a search for one objective maximises: the objective where no constraint is broken. Those that break
        one are below all others, the worst offence lowest."""
        value, broken = self.rising[:, 0], self.violation
        if not broken.any():
            return value
        return np.where(broken > 0, value.min() - 1 - broken, value)

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
        for key, origin, belief in zip(keys, origins, beliefs, strict=True):
            self._number[key] = len(self.trials)
            self.trials.append(Trial(len(self.trials), key, origin, belief))
        self._sets.append(architectures)

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
        if metrics is not None:
            missing = [name for name in self.problem.metrics if name not in metrics]
            if missing:
                raise ArchflowError(
                    f"search: the evaluation gave no {missing[0]!r}; it gave: {', '.join(metrics) or 'nothing'}"
                )
            wrong = [name for name in self.problem.metrics if not np.isfinite(metrics[name])]
            if wrong:
                metrics, failure = None, failure or f"{wrong[0]} is {metrics[wrong[0]]}"
        if metrics is None:
            trial.failure = failure or "no result"
            return
        trial.metrics = dict(metrics)
        columns = {name: np.array([metrics[name]], np.float64) for name in self.problem.metrics}
        self.done.append(trial.number)
        self._rising.append(self.problem.rising(columns)[0])
        self._violation.append(float(self.problem.violation(columns)[0]))
