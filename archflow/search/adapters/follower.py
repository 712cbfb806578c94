"""A search method that follows trials stored by another framework."""

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
"""A method's name, or a factory that takes a problem and a seed: `partial(RegularizedEvolution, population=10)`."""


def space_of(space: str | SearchSpace) -> SearchSpace:
    """Return the space of that name, or the space itself. Raises ArchflowError and suggests the nearest name."""
    return SPACES.get(space)() if isinstance(space, str) else space


@dataclass(frozen=True)
class Proposal:
    """What a method proposes: a native string and a short reason."""

    native: str
    origin: str


@dataclass(frozen=True)
class Known:
    """A trial of another framework that has an architecture.

    Attributes:
        name: What error messages call it, such as "trial 3".
        native: The native string of the architecture.
        origin: Why it was proposed, as in `Proposal`; "given" if the user chose it.
        values: (M,) objectives or, with a constraint, (M + 1,) with the constrained value, which must be at most 0, in
            the last entry; None if the trial is pending or failed.
        failure: Why there are no values; "" if the trial is pending.
        ended: Sort key of finished trials: when they ended.
    """

    name: str
    native: str
    origin: str = "given"
    values: tuple[float, ...] | None = None
    failure: str = ""
    ended: float = 0.0

    @property
    def is_pending(self) -> bool:
        """Whether the trial is still running."""
        return self.values is None and not self.failure

    @property
    def weight(self) -> int:
        """Priority among trials of the same architecture: the first with the largest weight counts."""
        return 2 if self.values is not None else int(self.is_pending)


class Follower:
    """Proposes what a search method would propose given the trials so far.

    The searcher is kept between proposals only to save time. If it does not agree with the trials, for example because
    they belong to another study, it is replaced by a new one.

    Args:
        space: The search space, or its name.
        method: A search method's name, or a factory.
        seed: Seed of the method.
        folder: Where the method caches expensive results such as pre-trained encoders; None disables the cache.

    Raises:
        ArchflowError: If a name is unknown (the message suggests the nearest one), or the seed is not an integer.
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
        """Return the canonical form of a native string. Raises ArchflowError if it is not of the space."""
        return self._read(native)[1]

    def ask(self, rising: Sequence[bool], constrained: bool, trials: Sequence[Known]) -> Proposal | None:
        """Propose the next architecture.

        Args:
            rising: (M,) whether each objective is better when higher.
            constrained: Whether the last value of each trial is a constraint, which must be at most 0.
            trials: All trials so far, in the order in which they were asked for.

        Returns:
            The proposal; None if the space is exhausted.

        Raises:
            ArchflowError: If a trial with values is not of the space, or the method does not support the objectives.
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
        """Map canonical forms to the trial that counts for each, in the order of asking.

        A trial without values whose architecture is not of the space is left out.
        """
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
        """Return a searcher whose history consists of exactly these trials."""
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
        """Whether the searcher's history is a prefix of the trials."""
        asked = all(trial.key in counted for trial in searcher.history.trials)
        return asked and all(counted[key] == each for key, each in self._told.items())

    def _made(self, problem: Problem) -> Searcher:
        make = SEARCHERS.get(self.method) if isinstance(self.method, str) else self.method
        searcher = make(problem, self.seed)
        searcher.folder = self.folder
        return searcher

    def _read(self, native: str) -> tuple[Architecture, str]:
        """Parse a native string into an architecture and its canonical form; results are cached."""
        found = self._reads.get(native) if isinstance(native, str) else None
        if found is None:
            architecture = self.space.parse(native)
            found = self._reads[native] = (architecture, self.space.canonical(architecture))
        return found

    def _forget(self) -> None:
        self._searcher: Searcher | None = None
        self._told: dict[str, Known] = {}
        self._reads: dict[str, tuple[Architecture, str]] = {}
