"""Units for labels, so that arithmetic neither rounds away their differences nor overflows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LARGEST = 1e304
"""Larger labels are refused: predictions and intervals around them would overflow."""
_ORDINARY = 300
"""Exponents up to which magnitudes, 2^-300 to 2^300, have squares and sums that fit in float64."""
_CLOSE = 2.0**-20
"""Labels whose range is a smaller fraction of their magnitude are counted from the middle of their range."""


@dataclass(frozen=True)
class Unit:
    """label = offset + 2^exponent * count.

    For ordinary labels, counts equal labels. Labels such as 1.7e9 + (0 .. 40) or 1e300 * (1 .. 40) get counts like
    those of ordinary labels; scaling by a power of two does not round.
    """

    offset: float = 0.0
    exponent: int = 0

    @classmethod
    def of(cls, lowest: float, highest: float, *, from_zero: bool = False) -> Unit:
        """Choose the unit for labels between lowest and highest.

        Args:
            lowest, highest: The extremes of the labels.
            from_zero: Whether counts must stay proportional to labels.
        """
        close = highest / 2 - lowest / 2 < _CLOSE * max(abs(lowest), abs(highest)) / 2
        offset = lowest / 2 + highest / 2 if close and not from_zero else 0.0
        exponent = math.frexp(max(abs(lowest - offset), abs(highest - offset)))[1]
        return cls(offset, exponent if abs(exponent) > _ORDINARY else 0)

    def counts(self, labels: Values) -> Values:
        """Labels -> counts, NaN where missing."""
        return np.ldexp(labels - self.offset, -self.exponent)

    def labels(self, counts: Values) -> Values:
        """Counts -> labels."""
        return self.offset + self.widths(counts)

    def widths(self, counts: Values) -> Values:
        """Differences of counts -> differences of labels."""
        return np.ldexp(counts, self.exponent)
