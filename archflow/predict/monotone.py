"""Rising maps that put scores, which have no unit, on the labels' scale and keep their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

KNOTS = 11
"""The number of quantiles that map scores to labels."""
OVERSHOOT = 0.1
"""How far predictions may lie beyond the labels, relative to the labels' range."""
OUTLYING = 10.0
"""Labels are outliers if their distance from all others exceeds this many times the range of the others."""
ENOUGH = 5
"""The least number of different labels for which outliers are sought: at most a tenth of them, or one."""


def quantile_knots(values: Values, least: float = 1e-6) -> Values:
    """Compute (KNOTS,) quantiles of values (n,), strictly rising.

    Equal quantiles (tied labels) would flatten the map and lose the order, so they keep a slight slope.

    Args:
        values: Scores or labels.
        least: The smallest range that counts, for scores that are all equal; 0 for labels, which are not.
    """
    quantiles = np.quantile(values, np.linspace(0, 1, KNOTS))
    lowest, highest = usual_extremes(quantiles)
    return quantiles + np.linspace(0, 1e-6, KNOTS) * max(highest - lowest, least)


def usual_extremes(values: Values) -> tuple[float, float]:
    """The extremes of values (n,) without outliers."""
    points = np.unique(values)
    count, most = len(points), len(points) // 10
    first, last = 0, count - 1
    for several in range(1, max(1, most) + 1) if count >= ENOUGH else ():
        below, above = points[several], points[-several - 1]
        if below - points[several - 1] > OUTLYING * (points[count - 1 - most] - below):
            first = several
        if points[-several] - above > OUTLYING * (above - points[most]):
            last = count - 1 - several
    return float(points[first]), float(points[last])


def monotone(scores: Values, knots: Values, values: Values) -> Values:
    """Interpolate linearly through (knots, values), both rising (K,); beyond the ends with the overall slope.

    The slope of the end pieces is not used: if a tenth of the scores are tied, such a piece has almost no width.
    Outliers among the values at one end do not affect the slope beyond the other.
    """
    first, last = np.searchsorted(values, usual_extremes(values)).clip(max=len(values) - 1)
    below, above = (
        (values[end] - values[start]) / max(knots[end] - knots[start], 1e-6) for start, end in ((0, last), (first, -1))
    )
    beyond = scores - np.clip(scores, knots[0], knots[-1])
    return np.interp(scores, knots, values) + np.where(beyond < 0, below, above) * beyond


def within_reach(
    values: Values,
    lowest: float,
    highest: float,
    *,
    usual: tuple[float, float] | None = None,
    overshoot: float = OVERSHOOT,
    keep_sign: bool = True,
) -> Values:
    """Bound values (n,) near the labels, keeping their order: beyond the labels' extremes they saturate.

    Args:
        values: (n,) values.
        lowest, highest: The extremes of the labels.
        usual: The extremes without outliers: an outlier at one end does not affect the bound at the other.
        overshoot: How far values may lie beyond the labels, relative to the labels' range; may be infinite.
        keep_sign: Whether values keep the sign of labels that are all positive or all negative.
    """
    least, most = usual or (lowest, highest)
    below, above = overshoot * (most - lowest), overshoot * (highest - least)
    if keep_sign and lowest > 0:
        below = min(below, lowest)
    elif keep_sign and highest < 0:
        above = min(above, -highest)
    inside = np.clip(values, lowest, highest)
    beyond = values - inside
    return inside + beyond / (1 + np.abs(beyond) / np.where(beyond < 0, below, above))
