"""Samples of non-isomorphic architectures, and of one change for each of many architectures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.spaces.base import SearchSpace

ENUMERABLE = 20_000
"""Largest size of a space that is enumerated, so that every class is equally likely."""


def sample_classes(space: SearchSpace, count: int, generator: np.random.Generator) -> ArchitectureSet:
    """Draw `count` architectures of different isomorphism classes.

    The draw is uniform over the classes of a small space. In a larger one architectures are drawn with `space.sample`,
    and duplicates of a class are dropped. A smaller sample is a prefix of a larger one.

    Raises:
        ArchflowError: If the space has fewer classes, or too few to be found by sampling.
    """
    if space.size <= ENUMERABLE:
        everything = space.enumerate()
        order = generator.permutation(len(everything))
        first = _first_of_each_class(space, everything.select(order), {})
        rows = order[generator.permutation(np.array(first))]
        if count > len(rows):
            raise ArchflowError(f"{space.name} has {len(rows)} isomorphism classes, fewer than {count}: ask for fewer")
        return everything.select(rows[:count])
    seen: dict[str, None] = {}
    drawn: list[ArchitectureSet] = []
    while len(seen) < count:
        before = len(seen)
        batch = space.sample(256, generator)
        drawn.append(batch.select(_first_of_each_class(space, batch, seen)))
        if len(seen) == before:
            raise ArchflowError(f"{space.name}: found no more than {before} isomorphism classes: ask for fewer")
    return ArchitectureSet.concatenate(drawn).select(np.arange(count))


def drawn_places(allowed: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.int64]:
    """(N, M) -> (N,) a uniformly drawn column of each row, among its True columns. Each row has at least one.

    The draws are those of `generator.integers(number of such columns)`, row by row.
    """
    counts = allowed.sum(axis=1)
    drawn = generator.integers(counts) if len(counts) else counts
    return np.flatnonzero(allowed)[np.cumsum(counts) - counts + drawn] % max(allowed.shape[1], 1)


def _first_of_each_class(space: SearchSpace, architectures: ArchitectureSet, seen: dict[str, None]) -> list[int]:
    """Rows of the first architecture of every class that is not in `seen`, to which the class is added."""
    rows = []
    for row, architecture in enumerate(architectures):
        form = space.canonical(architecture)
        if form not in seen:
            seen[form] = None
            rows.append(row)
    return rows
