"""The contract of a search method, and the methods by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.bounds import whole
from archflow.configured import Configured
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.registry import Registry
from archflow.search.history import History
from archflow.search.problem import Problem
from archflow.spaces.base import SearchSpace

LISTED = 100_000
"""Up to so many native strings a space is listed, and its last architecture is found for certain."""

TRIES = 20
"""Times that a method is asked once more where what it proposed was not new."""

AGAIN = 16
"""How many it is asked for then at least, or twice those missing: a few more cost little, and many may be known."""


@dataclass(frozen=True)
class Proposals:
    """What a method proposes.

    Attributes:
        architectures: N of them, the best idea first. Some may not be new: those are left out.
        origins: Why, in a few words, one text for each or one for all.
        beliefs: (N, 2) mean and standard deviation of the objective, better when higher; None without a model.
    """

    architectures: ArchitectureSet
    origins: Sequence[str] | str = ""
    beliefs: NDArray[np.float64] | None = None


class Searcher(Configured, ABC):
    """A search method: proposes architectures to measure, given what was measured so far.

    The caller alternates `ask` and `tell`, in any grouping and order: it may ask for more before results are there, and
    return them in another order. A subclass writes `propose`. What that returns may depend on `history`, on settings
    and on the generator it is given, and on nothing else: a search is resumed by giving a new searcher the old history.
    It may keep what it has computed, as long as a new one would compute the same.

    Whatever `propose` returns, no architecture is asked for twice (by its canonical form in the space); what is missing
    is filled up with fresh random ones. Once a space has no more, `ask` returns fewer, in the end none.

    Args:
        problem: What to search for.
        seed: Decides everything that is drawn.

    Raises:
        ArchflowError: If the problem has several objectives and the method takes one.
    """

    takes_several: ClassVar[bool] = False
    """Whether it takes several objectives."""

    given: ClassVar[tuple[str, ...]] = ("problem", "seed")

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        if len(problem.objectives) > 1 and not self.takes_several:
            raise ArchflowError(
                f"{type(self).__name__} takes one objective, not {', '.join(problem.objectives)}; take a method for "
                "several, such as nsga2"
            )
        self.problem, self.seed = problem, whole("seed", seed, 0)
        self.history = History(problem)
        self._asked: tuple[ArchitectureSet | None, list[str]] = None, []
        self.folder: Path | None = None
        """Where it may keep what takes long to compute, such as encoders; a study sets it."""

    @property
    def space(self) -> SearchSpace:
        """Where it searches."""
        return self.problem.space

    @property
    def batch(self) -> int:
        """How many to ask for next, as published."""
        return 1

    @abstractmethod
    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        """About n architectures to measure next. Called again, up to `TRIES` times, for those that were not new."""

    def ask(self, n: int = 1) -> ArchitectureSet:
        """The next architectures to measure: n, or fewer if the space has no more. They count as pending."""
        n = whole("ask: n", n, 1)
        generator = np.random.default_rng([self.seed, len(self.history)])
        batch = _Batch(self.history)
        for attempt in range(TRIES):
            missing = n - len(batch.keys)
            batch.add(self.propose(max(2 * missing, AGAIN) if attempt else missing, generator), n)
            if len(batch.keys) == n:
                break
        else:
            missing = n - len(batch.keys)
            batch.add(Proposals(self.fresh(missing, generator, batch.keys), "random"), n)
        self._asked = asked, _ = batch.asked(), list(batch.keys)
        return asked

    def tell(
        self,
        architectures: ArchitectureSet,
        values: ArrayLike | Mapping[str, ArrayLike],
        failures: Sequence[str] | None = None,
    ) -> None:
        """Give the results of N architectures, in the metrics' own units and signs.

        Architectures that were not asked for are taken as well: a search may begin with what is known.

        Args:
            architectures: N, asked for or not.
            values: (N,), or (N, K) columns in the order of `problem.metrics`, or such metrics (N,) by name, which may
                hold further ones. NaN says that an architecture could not be measured.
            failures: Why not, one text for each; "" where it could.

        Raises:
            ArchflowError: If one has a result already, is not of the space, or lacks a metric. Then none is taken.
        """
        columns = self._columns(values, len(architectures))
        asked, keys = self._asked
        if architectures is not asked:
            keys = self.space.keys(architectures)
        trials = [self.history.trial(key) if key in self.history else None for key in keys]
        twice = next((trial for trial in trials if trial is not None and trial.state != "pending"), None)
        if twice is not None or len(set(keys)) < len(keys):
            number = "in this call" if twice is None else twice.number
            raise ArchflowError(f"tell: architecture {number} has a result already; each is measured once")
        new = np.flatnonzero([trial is None for trial in trials])
        if len(new):
            named = [keys[row] for row in new]
            self.history.ask(architectures.select(new), named, ["given"] * len(new), [None] * len(new))
        self.history.take(keys, columns, failures or [""] * len(keys))

    def fresh(
        self, n: int, generator: np.random.Generator, taken: Sequence[str] | Mapping[str, int] = ()
    ) -> ArchitectureSet:
        """Up to n different architectures at random that were not asked for, and whose canonical forms are not `taken`.

        Fewer only if a listed space has no more, or if none was found among many drawn.
        """
        batch = _Batch(self.history, set(taken))
        for _ in range(TRIES):
            drawn = self.space.sample(max(2 * (n - len(batch.keys)), 16), generator)
            batch.add(Proposals(drawn), n)
            if len(batch.keys) == n:
                return batch.architectures
        if self.listed is not None:  # what is left of it is not found by drawing
            everything, keys = self.listed
            left = np.array([row for key, row in keys.items() if key not in self.history], np.int64)
            batch.add(Proposals(everything.select(generator.permutation(left))), n)
        return batch.architectures

    @cached_property
    def listed(self) -> tuple[ArchitectureSet, dict[str, int]] | None:
        """All architectures of the space, and canonical form -> the first row that has it; None if it is too large."""
        if self.space.size > LISTED:
            return None
        try:
            everything = self.space.enumerate()
        except ArchflowError:
            return None
        rows: dict[str, int] = {}
        for row, key in enumerate(self.space.keys(everything)):
            rows.setdefault(key, row)
        return everything, rows

    def _columns(self, values: ArrayLike | Mapping[str, ArrayLike], rows: int) -> dict[str, NDArray[np.float64]]:
        names = self.problem.metrics
        if isinstance(values, Mapping):
            named = {name: np.asarray(column, np.float64) for name, column in values.items()}
        else:
            given = np.asarray(values, np.float64)
            table = given[:, None] if given.ndim == 1 else given
            if table.shape != (rows, len(names)):
                raise ArchflowError(
                    f"tell: values {given.shape} for {rows} architectures and the metrics {', '.join(names)}"
                )
            named = dict(zip(names, table.T, strict=True))
        for name in names:
            if name not in named:
                raise ArchflowError(f"tell: no values of {name!r}; there are: {', '.join(named) or 'none'}")
        wrong = next((name for name, column in named.items() if column.shape != (rows,)), None)
        if wrong is not None:
            raise ArchflowError(f"tell: {wrong!r} has the shape {named[wrong].shape} for {rows} architectures")
        return named


class _Batch:
    """New architectures for one `ask`, collected from several proposals."""

    def __init__(self, history: History, taken: set[str] | None = None) -> None:
        self._history, self._taken = history, taken or set()
        self._sets: list[ArchitectureSet] = []
        self._drawn = 0
        self._rows: list[int] = []
        self.keys: dict[str, int] = {}
        self._origins: list[str] = []
        self._beliefs: list[tuple[float, float] | None] = []

    def add(self, proposals: Proposals, most: int) -> None:
        """Those that are new, until there are `most`."""
        space, rows = self._history.problem.space, []
        for row, key in enumerate(space.keys(proposals.architectures)):
            if len(self.keys) == most:
                break
            if key in self._history or key in self.keys or key in self._taken:
                continue
            self.keys[key] = len(self.keys)
            rows.append(row)
        beliefs, count = proposals.beliefs, len(proposals.architectures)
        origins = [proposals.origins] * count if isinstance(proposals.origins, str) else list(proposals.origins)
        self._origins += [origins[row] for row in rows]
        self._beliefs += [None if beliefs is None else (float(beliefs[row, 0]), float(beliefs[row, 1])) for row in rows]
        if rows:
            self._sets.append(proposals.architectures)
            self._rows += [self._drawn + row for row in rows]
            self._drawn += count

    @property
    def architectures(self) -> ArchitectureSet:
        """Those that were added."""
        if not self._sets:
            return ArchitectureSet.from_architectures([], self._history.problem.space.vocabulary)
        return ArchitectureSet.concatenate(self._sets).select(self._rows)

    def asked(self) -> ArchitectureSet:
        """The same, which are pending from now on."""
        found = self.architectures
        if len(found):
            self._history.ask(found, list(self.keys), self._origins, self._beliefs)
        return found


SEARCHERS: Registry[type[Searcher]] = Registry("search method", "archflow.search.methods")
