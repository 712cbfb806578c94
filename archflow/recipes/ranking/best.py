"""The best of a stream of scored architectures, no two of them isomorphic.

An isomorphism class has the highest score that any of its candidates has: a predictor may give different values to the
members of a class, such as cells of NAS-Bench-201 that differ in what has no effect. The best classes of a stream are
then among the best of its chunks, wherever the chunks begin.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.recipes.ranking.distinct import Digests, first_of_each

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
        """The `top` best classes, best first; of equal scores the first candidate comes first."""
        order = np.lexsort((self.number, -self.score))
        return self.select(order[first_of_each(self.digests[order])[:top]])

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
    """The `top` best classes of all rows that were added, in memory that does not depend on their number.

    Args:
        top: How many to keep.
        rows: Those kept so far, best first.
    """

    def __init__(self, top: int, rows: Rows | None = None) -> None:
        self.top, self.rows = top, rows

    def add(self, rows: Rows) -> None:
        """Keep the best of these too. They have higher numbers than those added before."""
        if self.rows is None:
            self.rows = rows.best(self.top)
            return
        if len(self.rows) == self.top:
            rows = rows.select(rows.score > self.rows.score[-1])
        if len(rows):
            self.rows = Rows.joined(self.rows, rows).best(self.top)
