"""Standardisation of features and embeddings, with gaps filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.arrays import floats_of

Values = NDArray[np.float64]

CONSTANT = 1e-6
"""Standard deviation, relative to the largest value, up to which a column counts as constant."""

FARTHEST = 10.0
"""Standardised values are clipped to this distance from the mean."""

LARGEST = 1e100
"""An upper bound on float32 values and the inverse of their spread; products of two such are finite."""


@dataclass(frozen=True)
class Standard:
    """Standardises the P columns of a matrix.

    A gap becomes the column's mean, and a further column indicates gaps. Columns that were constant in the fit are
    dropped.

    Attributes:
        centre: (2 P,) means of the columns, then of their gap indicators.
        factor: (2 P,) factor for the distance from the mean; 0 for a column that is dropped.
    """

    centre: Values
    factor: Values

    @classmethod
    def of(cls, usual: NDArray) -> Standard:
        """Fit to values (N, P)."""
        present = np.isfinite(usual)
        known = np.where(present, usual, 0).astype(np.float64)
        mean = known.sum(0) / np.maximum(present.sum(0), 1)
        both = _both(usual, mean)
        centre, spread = both.mean(0), both.std(0)
        telling = spread > CONSTANT * np.abs(both).max(0, initial=0)
        return cls(centre, np.divide(1, spread, out=np.zeros_like(spread), where=telling))

    def __call__(self, values: NDArray) -> Values:
        """Standardise values (N, P) -> (N, Q)."""
        kept = np.flatnonzero(self.factor)
        both = _both(values, self.centre[: values.shape[1]])[:, kept]
        return np.clip((both - self.centre[kept]) * self.factor[kept], -FARTHEST, FARTHEST)

    @property
    def width(self) -> int:
        """Q, the number of columns that are kept."""
        return int(np.count_nonzero(self.factor))

    def arrays(self) -> dict[str, NDArray]:
        """The arrays that `restored` needs."""
        return {"centre": self.centre, "factor": self.factor}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], width: int) -> Standard:
        """Restore from arrays, for values with P columns. Raises ArchflowError if they are damaged."""
        columns = (2 * width,)
        centre, factor = (floats_of(arrays, {name: columns}, LARGEST)[name] for name in ("centre", "factor"))
        if (factor < 0).any():
            raise ArchflowError("its array factor has numbers below zero; fit again")
        return cls(centre, factor)


def _both(values: NDArray, mean: Values) -> Values:
    """(N, 2 P) values (N, P) with gaps replaced by means, then gap indicators."""
    present = np.isfinite(values)
    return np.concatenate([np.where(present, values, mean), ~present], 1, dtype=np.float64)
