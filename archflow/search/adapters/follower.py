"""A search method that follows trials which another framework keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.search.base import SEARCHERS, Searcher
from archflow.search.problem import Constraint, Problem
from archflow.spaces.base import SPACES, SearchSpace

Method = str | Callable[[Problem, int], Searcher]
"""A method's name, or what makes one of a problem and a seed: `partial(RegularizedEvolution, population=10)`."""


def space_of(space: str | SearchSpace) -> SearchSpace:
    """The space of that name, or the space itself. Raises ArchflowError with the nearest name."""
    return SPACES.get(space)() if isinstance(space, str) else space


@dataclass(frozen=True)
class Proposal:
    """What a method proposes: a native string, and why, in a few words."""

    native: str
    origin: str


@dataclass(frozen=True)
class Known:
    """A trial of another framework that has an architecture.

    Attributes:
        name: What an error calls it, such as "trial 3".
        native: The architecture, as its native string.
        origin: Why it was proposed, as `Proposal` says; "given" if the user chose it.
        values: (M,) or, with a constraint, (M + 1,) the objectives and then what must be at most 0; None if it has none
            yet or failed.
        failure: Why it has none, "" if it is not over.
        ended: Orders the trials that are over by when that was.
    """

    name: str
    native: str
    origin: str = "given"
    values: tuple[float, ...] | None = None
    failure: str = ""
    ended: float = 0.0

    @property
    def is_pending(self) -> bool:
        """Whether it is not over."""
        return self.values is None and not self.failure

    @property
    def weight(self) -> int:
        """Of several trials of one architecture the first of the largest weight counts."""
        return 2 if self.values is not None else int(self.is_pending)


class Follower:
    """Proposes what a search method would propose after the trials that it is shown.

    It keeps the searcher from one proposal to the next only because that saves time: where it does not agree with the
    trials, such as those of another study, a new one replaces it.

    Args:
        space: Its name, or the space itself.
        method: Its name, or what makes it.
        seed: Of the method.
        folder: Where the method keeps what takes long to compute, such as encoders; None for nowhere.

    Raises:
        ArchflowError: A name is unknown, with the nearest one, or the seed is no whole number.
    """

    def __init__(
        self, space: str | SearchSpace, method: Method = "archflow", seed: int = 0, folder: str | Path | None = None
    ) -> None:
        self.space, self.method, self.seed = space_of(space), method, whole("seed", seed, 0)
        self.folder = None if folder is None else Path(folder)
        if isinstance(method, str):
            SEARCHERS.get(method)
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def key(self, native: str) -> str:
        """The canonical form of a native string. Raises ArchflowError if it is not of the space."""
        return self._read(native)[1]

    def ask(self, rising: Sequence[bool], constrained: bool, trials: Sequence[Known]) -> Proposal | None:
        """The next architecture.

        Args:
            rising: (M,) of the objectives, which are better when higher.
            constrained: Whether values end with one that must be at most 0.
            trials: All so far, in the order of asking.

        Returns:
            None if the space has no more.

        Raises:
            ArchflowError: A trial with values is not of the space, or the method does not take the objectives.
        """
        names = [f"value {place}" for place in range(len(rising))]
        signed = [name if up else f"-{name}" for name, up in zip(names, rising, strict=True)]
        problem = Problem(self.space, signed, [Constraint("constraint", 0.0)] if constrained else [])
        searcher = self._searcher_after(problem, self._counted(trials))
        asked = searcher.ask(1)
        if len(asked) == 0:
            return None
        return Proposal(self.space.format(asked[0]), searcher.history.trials[-1].origin)

    def _counted(self, trials: Sequence[Known]) -> dict[str, Known]:
        """By canonical form, in the order of asking, the trial that counts. One that is not of the space is left out if
        it has no values."""
        counted: dict[str, Known] = {}
        for each in trials:
            try:
                key = self.key(each.native)
            except ArchflowError as error:
                if each.values is None:
                    continue
                raise ArchflowError(f"{each.name} is not of the space {self.space.name}: {error}") from None
            if key not in counted or each.weight > counted[key].weight:
                counted[key] = each
        return counted

    def _searcher_after(self, problem: Problem, counted: Mapping[str, Known]) -> Searcher:
        """The searcher, which has seen these trials and no others."""
        searcher = self._searcher
        if searcher is None or searcher.problem != problem or not self._agrees(searcher, counted):
            self._told = {}
            self._searcher = searcher = self._made(problem)
        history = searcher.history
        new = [key for key in counted if key not in history]
        if new:
            architectures = [self._read(counted[key].native)[0] for key in new]
            together = ArchitectureSet.from_architectures(architectures, self.space.vocabulary)
            history.ask(together, new, [counted[key].origin for key in new], [None] * len(new))
        over = {key: each for key, each in counted.items() if not each.is_pending and key not in self._told}
        for key, each in sorted(over.items(), key=lambda item: item[1].ended):
            metrics = None if each.values is None else dict(zip(problem.metrics, each.values, strict=True))
            history.tell(key, metrics, each.failure)
        self._told |= over
        return searcher

    def _agrees(self, searcher: Searcher, counted: Mapping[str, Known]) -> bool:
        """Whether the trials are those that the searcher has seen, and perhaps more."""
        asked = all(trial.key in counted for trial in searcher.history.trials)
        return asked and all(counted[key] == each for key, each in self._told.items())

    def _made(self, problem: Problem) -> Searcher:
        make = SEARCHERS.get(self.method) if isinstance(self.method, str) else self.method
        searcher = make(problem, self.seed)
        searcher.folder = self.folder
        return searcher

    def _read(self, native: str) -> tuple[Architecture, str]:
        """An architecture and its canonical form; each native string is read once."""
        found = self._reads.get(native) if isinstance(native, str) else None
        if found is None:
            architecture = self.space.parse(native)
            found = self._reads[native] = (architecture, self.space.canonical(architecture))
        return found

    def _forget(self) -> None:
        self._searcher: Searcher | None = None
        self._told: dict[str, Known] = {}
        self._reads: dict[str, tuple[Architecture, str]] = {}
