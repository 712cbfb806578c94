"""Scores have no unit: a rising map puts them on the labels' scale, and keeps their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

KNOTS = 11
"""Quantiles that map scores to labels."""


def quantile_knots(values: Values) -> Values:
    """(KNOTS,) quantiles of values (n,), strictly rising.

    Equal quantiles (tied labels) would flatten the map and with it the order: they keep a trace of a slope.
    """
    return np.quantile(values, np.linspace(0, 1, KNOTS)) + np.linspace(0, 1e-6, KNOTS) * max(np.ptp(values), 1e-6)


def monotone(scores: Values, knots: Values, values: Values) -> Values:
    """Piecewise linear through (knots, values), both rising (KNOTS,); beyond the ends as steep as on the whole.

    Not as steep as the end pieces: where a tenth of the scores are tied, such a piece has almost no width.
    """
    slope = np.ptp(values) / max(np.ptp(knots), 1e-6)
    return np.interp(scores, knots, values) + slope * (scores - np.clip(scores, knots[0], knots[-1]))
