"""The best of a stream of scored architectures, no two of them isomorphic."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.recipes.ranking.distinct import Digests

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """N scored architectures.

    Attributes:
        architectures: The N architectures.
        score: (N,) what they are ranked by, higher is better.
        mean, std: (N,) predictions in the metric's unit, and their uncertainty.
        number: (N,) their numbers among all candidates.
        digests: (N, 2) digests of their isomorphism classes.
    """

    architectures: ArchitectureSet
    score: Values
    mean: Values
    std: Values
    number: NDArray[np.int64]
    digests: Digests

    def __len__(self) -> int:
        return len(self.score)

    def select(self, rows: NDArray) -> Rows:
        """The chosen rows, by index or mask."""
        return Rows(self.architectures.select(rows), *(values[rows] for values in self.columns.values()))

    def best(self, top: int) -> Rows:
        """The `top` best, best first; of equal scores the first candidate comes first."""
        return self.select(np.lexsort((self.number, -self.score))[:top])

    @property
    def columns(self) -> dict[str, NDArray]:
        """Everything but the architectures, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:]}

    @classmethod
    def joined(cls, first: Rows, second: Rows) -> Rows:
        """Both, one after the other."""
        pairs = zip(first.columns.values(), second.columns.values(), strict=True)
        architectures = ArchitectureSet.concatenate([first.architectures, second.architectures])
        return cls(architectures, *(np.concatenate(pair) for pair in pairs))


class Best:
    """The `top` best of all rows that were added, in memory that does not depend on their number.

    Args:
        top: How many to keep.
        rows: Those kept so far, best first.
    """

    def __init__(self, top: int, rows: Rows | None = None) -> None:
        self.top, self.rows = top, rows
        self._held = set() if rows is None else _keys(rows)

    def add(self, rows: Rows) -> None:
        """Keep the best of these too, except for classes that are kept already.

        Args:
            rows: No two of one class, with higher numbers than those added before.
        """
        if self.rows is None:
            self.rows = rows.best(self.top)
        else:
            if len(self.rows) == self.top:
                rows = rows.select(rows.score > self.rows.score[-1])
            rows = rows.select(np.array([key not in self._held for key in map(tuple, rows.digests.tolist())], bool))
            if len(rows) == 0:
                return
            self.rows = Rows.joined(self.rows, rows).best(self.top)
        self._held = _keys(self.rows)


def _keys(rows: Rows) -> set[tuple[int, ...]]:
    return set(map(tuple, rows.digests.tolist()))
