"""Search methods that fit a model to the measurements and use it to choose what to measure next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archflow.configured import Configured
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.registry import Registry
from archflow.search.base import Proposals, Searcher
from archflow.search.problem import Problem

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """Training data of a model.

    Attributes:
        table: n measured architectures, with the columns that are known before any measurement.
        y: (n,) fitness, better when higher.
        problem: The search problem.
        seed: Seed of every random draw in fitting.
    """

    table: Table
    y: Values
    problem: Problem
    seed: int


class Model(Protocol):
    """A fitted model."""

    def __call__(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        """Predict (N,) mean and (N,) standard deviation of the fitness of N architectures, better when higher."""
        ...


class Surrogate(Configured, ABC):
    """Fits models to measurements."""

    @abstractmethod
    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        """Fit a model per lesson.

        Lessons of several searches are fitted together, as members of one module if the surrogate supports it. A
        lesson's model does not depend on the other lessons.
        """


SURROGATES: Registry[Callable[..., Surrogate]] = Registry("surrogate", "archflow.search.surrogates")


class ModelBased(Searcher):
    """Starts with random architectures, then fits a surrogate to all results and chooses by it.

    Subclasses implement `choose`.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The surrogate, fitted again whenever there are new results.
        initial: Number of random initial architectures.
        each: Architectures per round, as published.
    """

    given = ("problem", "seed", "surrogate")

    def __init__(self, problem: Problem, seed: int, surrogate: Surrogate, initial: int, each: int) -> None:
        super().__init__(problem, seed)
        self.surrogate, self.initial, self.each = surrogate, initial, each
        self._model: tuple[int, Model] | None = None

    @property
    def batch(self) -> int:
        return max(self.initial - len(self.history), 0) or self.each

    @property
    def wants_model(self) -> bool:
        """Whether the next `ask` needs a model that is not fitted yet."""
        enough = len(self.history) >= self.initial and len(self.history.done) >= 2
        return enough and (self._model is None or self._model[0] != len(self.history.done))

    def lesson(self) -> Lesson:
        """Training data of the next model."""
        history = self.history
        table = self.problem.table(history.measured)
        return Lesson(table, history.fitness, self.problem, self.seed * 1_000_003 + len(history.done))

    def take(self, model: Model) -> None:
        """Accept a model of the current `lesson` that was fitted elsewhere, for example jointly for several seeds."""
        self._model = (len(self.history.done), model)

    @abstractmethod
    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        """Propose about n architectures to measure next; see `propose`."""

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        if self.wants_model:
            self.take(self.surrogate.fit([self.lesson()])[0])
        if len(self.history) < self.initial or self._model is None:
            return Proposals(self.first(n, generator), "random")
        return self.choose(n, self._model[1], generator)

    def first(self, n: int, generator: np.random.Generator) -> ArchitectureSet:
        """Draw initial architectures."""
        return self.fresh(n, generator)

    def best_first(self) -> NDArray[np.int64]:
        """Numbers of the measured trials, the best first."""
        return np.array(self.history.done)[np.argsort(-self.history.fitness, kind="stable")]

    def unseen(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """The architectures that were not asked for, each canonical form once."""
        first: dict[str, int] = {}
        for row, key in enumerate(self.space.keys(architectures)):
            if key not in self.history:
                first.setdefault(key, row)
        return architectures.select(np.array(list(first.values()), np.int64))


def best_of(n: int, architectures: ArchitectureSet, scores: Values, beliefs: tuple[Values, Values], origin: str = ""):
    """Propose the n architectures with the highest scores (N,), the highest first."""
    order = np.argsort(-scores, kind="stable")[:n]
    return Proposals(architectures.select(order), origin, np.stack(beliefs, 1)[order])
