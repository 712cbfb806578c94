"""Scores have no unit: a rising map puts them on the labels' scale, and keeps their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

KNOTS = 11
"""Quantiles that map scores to labels."""
OVERSHOOT = 0.1
"""How far predictions may lie beyond the labels, in ranges of the labels."""


def quantile_knots(values: Values, least: float = 1e-6) -> Values:
    """(KNOTS,) quantiles of values (n,), strictly rising.

    Equal quantiles (tied labels) would flatten the map and with it the order: they keep a trace of a slope.

    Args:
        values: Scores or labels.
        least: The smallest range that counts, for scores that are all equal; 0 for labels, which are not.
    """
    return np.quantile(values, np.linspace(0, 1, KNOTS)) + np.linspace(0, 1e-6, KNOTS) * max(np.ptp(values), least)


def monotone(scores: Values, knots: Values, values: Values) -> Values:
    """Piecewise linear through (knots, values), both rising (KNOTS,); beyond the ends as steep as on the whole.

    Not as steep as the end pieces: where a tenth of the scores are tied, such a piece has almost no width.
    """
    slope = np.ptp(values) / max(np.ptp(knots), 1e-6)
    return np.interp(scores, knots, values) + slope * (scores - np.clip(scores, knots[0], knots[-1]))


def within_reach(
    values: Values, lowest: float, highest: float, *, overshoot: float = OVERSHOOT, keep_sign: bool = True
) -> Values:
    """Values in the same order, none of them far from the labels.

    Beyond the labels' extremes they rise ever less.

    Args:
        values: (n,).
        lowest, highest: The extremes of the labels.
        overshoot: The bound of how far values may lie beyond, in ranges of the labels; it may be infinite.
        keep_sign: Whether values of labels that are all positive, or all negative, have that sign.
    """
    below = above = overshoot * (highest - lowest)
    if keep_sign and lowest > 0:
        below = min(below, lowest)
    elif keep_sign and highest < 0:
        above = min(above, -highest)
    inside = np.clip(values, lowest, highest)
    beyond = values - inside
    return inside + beyond / (1 + np.abs(beyond) / np.where(beyond < 0, below, above))
