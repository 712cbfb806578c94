"""The candidates of a ranking: a sample of a search space, or all of it, in chunks that do not depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.spaces import SearchSpace

CHUNK = 4096
"""Architectures per chunk. It belongs to the definition of a sample: chunk k is drawn from the seed (seed, k)."""

MOST = 10**15
"""The largest number of candidates."""


@dataclass(frozen=True)
class Candidates:
    """The candidates.

    Attributes:
        space: Their search space.
        count: How many there are.
        seed: The seed of the sample; None for all architectures of the space.
    """

    space: SearchSpace
    count: int
    seed: int | None

    @classmethod
    def sampled(cls, space: SearchSpace, count: int, seed: int) -> Candidates:
        """Independent draws of `space.sample`. Raises ArchflowError for a count that cannot be."""
        return cls(space, whole("candidates", count, 1, MOST), whole("seed", seed, 0))

    @classmethod
    def listed(cls, space: SearchSpace) -> Candidates:
        """All architectures of a space. Raises ArchflowError if they are too many to enumerate."""
        found = cls(space, space.size, None)
        found._everything  # noqa: B018 - it is refused here rather than in a worker
        return found

    @property
    def chunks(self) -> int:
        """The number of chunks."""
        return -(-self.count // CHUNK)

    def chunk(self, number: int) -> ArchitectureSet:
        """The architectures of a chunk, whichever chunks were made before."""
        first = number * CHUNK
        if self.seed is None:
            return self._everything[first : first + CHUNK]
        return self._drawn(min(CHUNK, self.count - first), [self.seed, number])

    def few(self) -> ArchitectureSet:
        """One or two architectures of the space, to try something on."""
        return self._everything[:2] if self.seed is None else self._drawn(2, [self.seed])

    def _drawn(self, count: int, seed: list[int]) -> ArchitectureSet:
        try:
            return self.space.sample(count, np.random.default_rng(seed))
        except NotImplementedError:
            raise ArchflowError(f"{self.space.name}: its architectures cannot be sampled; rank all of them") from None

    @cached_property
    def _everything(self) -> ArchitectureSet:
        return self.space.enumerate()

    def __getstate__(self) -> dict[str, object]:
        """What another process gets: it enumerates the space itself."""
        return {name: value for name, value in vars(self).items() if name != "_everything"}
