"""Statistics of groups of values, such as the nodes of each architecture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Statistics(NamedTuple):
    """Statistics of G groups of values, (G,) each. For an empty group the sum is 0 and the others are NaN."""

    sum: NDArray[np.float64]
    mean: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray, group: NDArray[np.int64], groups: int) -> Statistics:
        """Compute them from values (V,) that are not NaN, by group (V,).

        The result does not depend on the order of the values, not even by rounding.
        """
        there = np.flatnonzero(~np.isnan(values))
        there = there[np.lexsort((values[there], group[there]))]
        values, group = values[there].astype(np.float64), group[there]
        count = np.bincount(group, minlength=groups)
        total = np.bincount(group, values, minlength=groups).astype(np.float64)  # bincount gives integers for no values
        ends = np.cumsum(count)
        some = count > 0
        least, most = np.full((2, groups), np.nan)
        least[some], most[some] = values[ends[some] - count[some]], values[ends[some] - 1]
        with np.errstate(invalid="ignore"):  # 0 / 0 where there is no value
            return cls(total, total / count, least, most)
