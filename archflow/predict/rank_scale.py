"""The scale of a measured column: its values as normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]

POINTS = 256
"""Values that are kept at most; between two of them the scale is a line."""

BEYOND = 1.0
"""How far past the outermost scores an unusual value may be."""


@dataclass(frozen=True)
class RankScale:
    """A rising map of values to normal scores: it keeps their order, and no outlier rules it.

    Attributes:
        values, scores: (K,) the points that the map goes through; values strictly rise.
    """

    values: Values
    scores: Values

    @classmethod
    def of(cls, values: Values) -> RankScale | None:
        """The scale of finite values (n,); None if all are the same."""
        points, first = np.unique(values, return_index=True)
        if len(points) < 2:
            return None
        kept = np.unique(np.linspace(0, len(points) - 1, min(len(points), POINTS)).round().astype(np.int64))
        return cls(points[kept], normal_scores(values)[first][kept])

    def __call__(self, values: Values) -> Values:
        """(N,) scores, as steep beyond the ends as on the whole; NaN for a gap or an infinite value."""
        known = np.where(np.isfinite(values), values, self.values[0])
        # In units of the largest, since differences of huge numbers overflow, and those of tiny ones have no half.
        exponent = -int(np.frexp(np.abs(self.values).max())[1])
        with np.errstate(over="ignore"):  # far beyond the ends is as far as `BEYOND`
            points, counts = np.ldexp(self.values, exponent), np.ldexp(known, exponent)
        inside = np.clip(counts, points[0], points[-1])
        past = (counts - inside) / (points[-1] - points[0])
        past = np.clip(past * (self.scores[-1] - self.scores[0]), -BEYOND, BEYOND)
        scores = np.interp(inside, points, self.scores) + past
        # Points that are the same but for what the unit rounds away keep their own scores.
        place = np.searchsorted(self.values, known).clip(max=len(points) - 1)
        scores = np.where(self.values[place] == known, self.scores[place], scores)
        return np.where(np.isfinite(values), scores, np.nan)

    @classmethod
    def restored(cls, values: Values, scores: Values) -> RankScale:
        """The scale with these points. Raises ArchflowError unless they are at least two and rise."""
        if len(values) < 2 or not ((np.diff(values) > 0).all() and (np.diff(scores) >= 0).all()):
            raise ArchflowError("the points of a column's scale do not rise; fit again")
        return cls(values, scores)


def normal_scores(values: Values) -> Values:
    """(n,) the quantiles of a standard normal distribution at the values' ranks; equal values share one."""
    from scipy.stats import norm, rankdata

    return norm.ppf((rankdata(values) - 0.5) / len(values))
