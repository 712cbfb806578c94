"""The scale of a measured column: its values as normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

POINTS = 256
"""The maximum number of points that are kept; the scale is linear between them."""

BEYOND = 1.0
"""How far beyond the outermost scores a value may be mapped."""


@dataclass(frozen=True)
class RankScale:
    """A rising map from values to normal scores, which keeps their order and is robust to outliers.

    Attributes:
        values, scores: (K,) points that the map passes through; values rise strictly.
    """

    values: Values
    scores: Values

    @classmethod
    def of(cls, values: Values) -> RankScale | None:
        """Fit the scale to finite values (n,); None if all are the same."""
        points, first = np.unique(values, return_index=True)
        if len(points) < 2:
            return None
        kept = np.unique(np.linspace(0, len(points) - 1, min(len(points), POINTS)).round().astype(np.int64))
        return cls(points[kept], normal_scores(values)[first][kept])

    def __call__(self, values: Values) -> Values:
        """(N,) scores, extrapolated with the overall slope; NaN for a gap or an infinite value."""
        known = np.where(np.isfinite(values), values, self.values[0])
        # In units of the largest value: differences of huge numbers overflow, and those of tiny ones underflow.
        exponent = -int(np.frexp(np.abs(self.values).max())[1])
        with np.errstate(over="ignore"):  # scores beyond the ends are clipped to `BEYOND`
            points, counts = np.ldexp(self.values, exponent), np.ldexp(known, exponent)
        inside = np.clip(counts, points[0], points[-1])
        past = (counts - inside) / (points[-1] - points[0])
        past = np.clip(past * (self.scores[-1] - self.scores[0]), -BEYOND, BEYOND)
        scores = np.interp(inside, points, self.scores) + past
        # Points that differ only by what the unit rounds away keep their own scores.
        place = np.searchsorted(self.values, known).clip(max=len(points) - 1)
        scores = np.where(self.values[place] == known, self.scores[place], scores)
        return np.where(np.isfinite(values), scores, np.nan)

    @classmethod
    def restored(cls, values: Values, scores: Values) -> RankScale:
        """Restore a scale from its points. Raises ArchflowError unless there are at least two and they rise."""
        if len(values) < 2 or not ((np.diff(values) > 0).all() and (np.diff(scores) >= 0).all()):
            raise ArchflowError("the points of a column's scale do not rise; fit again")
        return cls(values, scores)


def normal_scores(values: Values) -> Values:
    """(n,) quantiles of a standard normal distribution at the values' ranks; equal values get the same score."""
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(values) - 0.5) / len(values))
