"""What a column held where it was learnt from, and what is odd about another table's."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved

Values = NDArray[np.float64]

APART = 10.0
"""So many times larger than all, or smaller than nearly all, that were learnt from are values in another unit."""

SEVERAL = 3
"""So many values are not all near 0 by accident."""

SMALL = 0.1
"""The quantile of sizes below which values count as few."""


@dataclass(frozen=True)
class Range:
    """The values of a column.

    Attributes:
        low, high: The least and the greatest.
        small: Of the sizes of those that are not 0, the quantile `SMALL`.
        gaps: The fraction of rows without a value.
    """

    low: float
    high: float
    small: float
    gaps: float

    @classmethod
    def of(cls, values: Values) -> Self:
        """Of values (N,), NaN for gaps; at least one is there."""
        there = values[np.isfinite(values)]
        sizes = np.abs(there[there != 0])
        small = float(np.quantile(sizes, SMALL)) if len(sizes) else 0.0
        return cls(float(there.min()), float(there.max()), small, 1 - len(there) / len(values))

    def oddity(self, values: Values) -> str:
        """What is odd about the column in another table (N,), in words that follow its name; empty if nothing is.

        Gaps are odd where there are more than twice as many as there were.
        """
        there = values[np.isfinite(values)]
        missing = len(values) - len(there)
        if missing == len(values):
            return "is empty here, and was learnt from: predictions take a mean for it"
        if self._apart(np.abs(there)):
            found = f"from {there.min():.4g} to {there.max():.4g}"
            return f"was learnt from {self.low:.4g} to {self.high:.4g} and lies {found} here: is it in another unit?"
        if missing > 2 * self.gaps * len(values):
            return f"has no value for {missing:,} of {len(values):,} here: predictions of these take a mean for it"
        return ""

    def _apart(self, sizes: Values) -> bool:
        """Whether most values are larger, or all are smaller, than any of this unit."""
        if np.median(sizes) / APART > max(abs(self.low), abs(self.high)):
            return True
        # Where values lie on both sides of 0 one of them may be near it.
        least = self.low if self.low > 0 else -self.high if self.high < 0 else np.inf
        enough = SEVERAL if np.isinf(least) else 1
        return bool(len(sizes) >= enough and 0 < sizes.max() < min(least, self.small / APART))

    def to_json(self) -> list[float]:
        """What `from_json` needs."""
        return list(astuple(self))

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """The range of a description. Raises ArchflowError if it is damaged."""
        numbers = isinstance(given, list) and len(given) == 4
        if not numbers or not all(isinstance(each, int | float) and each is not True for each in given):
            raise saved.damaged("the range of a column is no four numbers")
        return cls(*map(float, given))
