"""Rising maps that put the scores of networks, which have no unit, on the scale of the targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.folder import MEND

Values = NDArray[np.float64]

KNOTS = 21
"""The number of points of a map to normal scores."""

WIDEST = 2.5
"""The normal score of the last point if there are enough scores to tell it from the others."""

LINEAR = 0.05
"""The fraction of the linear map in each map: scores that are tied, or differ by rounding, stay close together."""

PRIOR = 10.0
"""Weight, in scores, of the linear map when there are few scores to learn the quantiles from."""

CONSTANT = 1e-6
"""Scores with a smaller standard deviation differ only by rounding."""

LARGEST = 1e30
"""An upper bound on scores in files; its inverse is a lower bound on the distance of two points."""


@dataclass(frozen=True)
class ScoreScale:
    """Rising maps for the scores of F networks, linear between K points and, with the overall slope, beyond.

    Attributes:
        points: (F, K) scores, strictly rising along the last axis.
        values: (K,) values that they are mapped to, strictly rising.
    """

    points: Values
    values: Values

    @classmethod
    def straight(cls, scores: Values) -> ScoreScale:
        """Standardise each network by its scores (F, n) of typical architectures; K is 2."""
        values = np.array([-1.0, 1.0])
        return cls(_lines(scores, values), values)

    @classmethod
    def normal(cls, scores: Values) -> ScoreScale:
        """Give each network's scores (F, n) of typical architectures a standard normal distribution.

        A ranking loss leaves the distribution of the scores open. A blend is a sum, to which every component should
        contribute in the distribution of the targets.
        """
        from scipy.stats import norm

        count = scores.shape[1]
        widest = min(WIDEST, float(norm.ppf(1 - 0.5 / count))) or 1.0
        values = np.linspace(-widest, widest, KNOTS)
        quantiles = np.quantile(scores, norm.cdf(values), axis=1).T
        share = np.where(_constant(scores), 1.0, min(1.0, LINEAR + PRIOR / count))
        return cls(share * _lines(scores, values) + (1 - share) * quantiles, values)

    def __call__(self, scores: Values) -> Values:
        """(F, N) scores -> values; beyond the points with the overall slope."""
        inside = np.clip(scores, self.points[:, :1], self.points[:, -1:])
        found = np.stack([np.interp(own, points, self.values) for own, points in zip(inside, self.points, strict=True)])
        slope = np.ptp(self.values) / np.ptp(self.points, axis=1, keepdims=True)
        return found + slope * (scores - inside)

    def slope(self, f: int, weight: float, start: float, end: float) -> float:
        """The mean slope of the map of network f between two scores, times a weight; around them if they are equal."""
        points = self.points[f]
        least = 1e-6 * float(np.ptp(points))
        middle, half = (start + end) / 2, max(abs(end - start), least) / 2
        own = ScoreScale(points[None], self.values)
        low, high = own(np.array([[middle - half, middle + half]]))[0]
        return weight * float(high - low) / (2 * half)

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], networks: int) -> ScoreScale:
        """Restore the maps of F networks from arrays that are named like the attributes.

        Earlier files have the `centre` and `scale` (F,) of straight maps instead.

        Raises:
            ArchflowError: If no maps can have been written so.
        """
        if "centre" in arrays:
            centre, scale = (_numbers(arrays, name, (networks,)) for name in ("centre", "scale"))
            points, values = centre[:, None] + scale[:, None] * [-1.0, 1.0], np.array([-1.0, 1.0])
        else:
            count = max(np.size(arrays.get("values", ())), 2)
            points, values = _numbers(arrays, "points", (networks, count)), _numbers(arrays, "values", (count,))
        if min(np.diff(points).min(), np.diff(values).min()) < 1 / LARGEST:
            raise ArchflowError(f"the scale of its networks' scores does not rise; {MEND}")
        return cls(points, values)


def _constant(scores: Values) -> NDArray[np.bool_]:
    """(F, 1) whether the scores (F, n) of a network differ only by rounding."""
    return scores.std(1, keepdims=True) < CONSTANT


def _lines(scores: Values, values: Values) -> Values:
    """(F, K) scores that standardisation maps to values (K,); a network with constant scores predicts the mean."""
    spread = np.where(_constant(scores), 1.0, scores.std(1, keepdims=True))
    return scores.mean(1, keepdims=True) + spread * values


def _numbers(arrays: Mapping[str, NDArray], name: str, shape: tuple[int, ...]) -> Values:
    """A named array. Raises ArchflowError unless it has the shape and holds numbers within bounds."""
    array = np.asarray(arrays.get(name))
    if array.shape != shape or array.dtype.kind != "f" or not (np.abs(array) <= LARGEST).all():
        raise ArchflowError(f"its array {name} is not what networks give; {MEND}")
    return array.astype(np.float64)
