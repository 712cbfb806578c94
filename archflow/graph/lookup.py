"""Find architectures in another set by their hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rows_of(hashes: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(M,) for each wanted hash, the first row of `hashes` (N,) that equals it; -1 if there is none."""
    if not len(hashes):
        return np.full(len(wanted), -1)
    known, first = np.unique(hashes, return_index=True)
    place = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return np.where(known[place] == wanted, first[place], -1)
