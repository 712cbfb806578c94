"""Candidate architectures for a model to choose from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.search.base import Searcher

Ints = NDArray[np.int64]


class Candidates:
    """Distinct architectures that were not asked for before, collected from several draws.

    Attributes:
        origins: A short reason for each candidate.
    """

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.keys: dict[str, int] = {}
        self.origins: list[str] = []
        self._sets: list[ArchitectureSet] = []

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, architectures: ArchitectureSet, origin: str, most: int | None = None) -> None:
        """Add new architectures until there are `most` candidates in all."""
        rows = []
        for row, key in enumerate(self.searcher.space.keys(architectures)):
            if most is not None and len(self) >= most:
                break
            if key not in self.keys and key not in self.searcher.history:
                self.keys[key] = len(self.keys)
                rows.append(row)
        self.origins += [origin] * len(rows)
        if rows:
            self._sets.append(architectures.select(np.array(rows, np.int64)))

    def mutate(
        self, parents: Iterable[int], each: int, generator: np.random.Generator, most: int | None = None
    ) -> None:
        """Add mutants of trials, parent by parent, until there are `most` candidates in all.

        Args:
            parents: Numbers of the parent trials.
            each: Mutants to draw per parent, before duplicates are removed.
            generator: Random generator.
            most: Limit on the total number of candidates; None for no limit.
        """
        architectures, space = self.searcher.history.architectures, self.searcher.space
        for parent in parents:
            if (most is not None and len(self) >= most) or space.size < 2:
                return
            copies = architectures.select(np.full(each, parent))
            self.add(space.mutants(copies, generator), f"mutant of {parent}", most)

    def fill(self, least: int, generator: np.random.Generator) -> None:
        """Add random architectures until there are `least` candidates, or the space is exhausted."""
        missing = least - len(self)
        if missing > 0:
            self.add(self.searcher.fresh(missing, generator, self.keys), "random")

    @property
    def architectures(self) -> ArchitectureSet:
        """All candidates, in the order in which they were added."""
        if not self._sets:
            return ArchitectureSet.from_architectures([], self.searcher.space.vocabulary)
        if len(self._sets) > 1:
            self._sets = [ArchitectureSet.concatenate(self._sets)]
        return self._sets[0]
