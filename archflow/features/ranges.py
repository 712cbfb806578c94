"""The range of a column in the table that was learnt from, and a check of other tables against it."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import number
from archflow.errors import ArchflowError
from archflow.features import saved

Values = NDArray[np.float64]

APART = 10.0
"""Values this many times larger, or smaller, than those learnt from are taken to be in another unit."""

SEVERAL = 3
"""The number of values from which it is no coincidence if all are near 0."""

SMALL = 0.1
"""The quantile of magnitudes that stands for the smallest usual ones."""


@dataclass(frozen=True)
class Range:
    """The range of a column's values.

    Attributes:
        low, high: The least and the greatest value.
        small: The quantile `SMALL` of the magnitudes of non-zero values.
        gaps: The fraction of rows without a value.
    """

    low: float
    high: float
    small: float
    gaps: float

    @classmethod
    def of(cls, values: Values) -> Self:
        """The range of values (N,), NaN for gaps; at least one is not NaN."""
        there = values[np.isfinite(values)]
        sizes = np.abs(there[there != 0])
        small = float(np.quantile(sizes, SMALL)) if len(sizes) else 0.0
        return cls(float(there.min()), float(there.max()), small, 1 - len(there) / len(values))

    def oddity(self, values: Values) -> str:
        """What is odd about the column in another table (N,), as words that follow its name; empty if nothing is.

        Gaps are odd if there are more than twice as many as before.
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
        """Whether most values are too large, or all are too small, for this unit."""
        if np.median(sizes) / APART > max(abs(self.low), abs(self.high)):
            return True
        # If values lie on both sides of 0, one of them may be near it.
        least = self.low if self.low > 0 else -self.high if self.high < 0 else np.inf
        enough = SEVERAL if np.isinf(least) else 1
        return bool(len(sizes) >= enough and 0 < sizes.max() < min(least, self.small / APART))

    def to_json(self) -> list[float]:
        """The description that `from_json` needs."""
        return list(astuple(self))

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """Restore a range from its description. Raises ArchflowError if it is damaged."""
        try:
            low, high, small, gaps = (number("the range of a column", each) for each in given)
        except (ArchflowError, TypeError, ValueError):  # not a list, or of another length
            raise saved.damaged("the range of a column is not four numbers") from None
        return cls(low, high, small, gaps)
