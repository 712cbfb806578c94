"""Index arithmetic on ragged arrays: rows of different lengths, concatenated in one flat array."""

from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError

Ints = NDArray[np.int64]


def pointer(counts: NDArray) -> Ints:
    """Row boundaries (N+1,) of rows with these lengths (N,)."""
    bounds = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, dtype=np.int64, out=bounds[1:])
    return bounds


def positions(starts: NDArray, counts: NDArray, bounds: Ints) -> Ints:
    """Flat positions of the chosen rows: row i covers `starts[i] .. starts[i] + counts[i]`; bounds=pointer(counts)."""
    return np.repeat(starts - bounds[:-1], counts) + np.arange(bounds[-1])


def segment_reduce(reduction: np.ufunc, values: NDArray, bounds: Ints, empty) -> NDArray:
    """Apply `reduction` to each row: (E, ...) -> (N, ...); `empty` for rows without elements.

    `ufunc.reduceat` alone returns a neighbour's value for an empty row.
    """
    result = np.full((len(bounds) - 1, *values.shape[1:]), empty, values.dtype)
    filled = bounds[1:] > bounds[:-1]
    if filled.any():
        result[filled] = reduction.reduceat(values, bounds[:-1][filled])
    return result


def as_int32(values: ArrayLike) -> NDArray[np.int32]:
    """Operation ids or node indices as int32.

    A value that does not fit stays outside the valid range, so that validation names its row. Raises ArchflowError for
    anything but integers.
    """
    values = _integers(values, "operation ids and node indices")
    if values.dtype == np.int32:
        return values
    return values.astype(np.int64).clip(-1, np.iinfo(np.int32).max).astype(np.int32)


def as_pointer(values: ArrayLike) -> Ints:
    """Row boundaries as int64. Raises ArchflowError for anything but integers."""
    return _integers(values, "row boundaries").astype(np.int64, copy=False)


def _integers(values: ArrayLike, what: str) -> NDArray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ArchflowError(f"architecture set: {what} are one flat array, not lists of several lengths") from None
    if array.ndim != 1:
        raise ArchflowError(f"architecture set: {what} are one flat array, not of shape {array.shape}")
    if array.size and array.dtype.kind not in "iu":
        raise ArchflowError(f"architecture set: {what} are integers, not {array.dtype}")
    return array


def chosen(rows: ArrayLike, count: int) -> Ints:
    """(M,) rows from 0, of an index array with negative indices from the end, or a boolean mask (count,).

    Raises IndexError as NumPy does, for a row out of range, or a mask of another length.
    """
    rows = np.asarray(rows)
    rows = rows if rows.size else rows.astype(np.int64)
    if rows.dtype.kind not in "iu" or rows.min(initial=0) < 0 or rows.max(initial=-1) >= count:
        return np.arange(count)[rows]
    return rows.astype(np.int64, copy=False)


def is_row(rows: object) -> TypeGuard[int]:
    """Whether an index means one row, and not several."""
    return isinstance(rows, int | np.integer)
