"""Latencies that a user gives: positive, and in the unit that they are said to be in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError

_LEAST, _MOST = 0.02, 3.6e6
"""Milliseconds between which the median of a set of networks lies: a single small kernel takes longer than the first,
and the second is an hour."""

_APART = 100.0
"""A thousand between two medians may be a unit; below this factor, networks or devices differ."""

_OFF, _LIKE = 30.0, 10.0
"""How many times smaller or larger than all others, which differ by less, a value must be to be doubted."""


def checked_latencies(what: str, values: ArrayLike) -> NDArray[np.float64]:
    """Latencies as an array (N,).

    Args:
        what: What they are called in an error: a file, a column.
        values: (N,) numbers.

    Raises:
        ArchflowError: If there is no number, or one is not finite, zero or negative; the message names its row.
    """
    try:
        latencies = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ArchflowError(f"{what}: latencies are numbers; leave other rows out") from None
    if latencies.ndim != 1 or not len(latencies):
        raise ArchflowError(
            f"{what}: an array of shape {latencies.shape} is not a list of latencies; give at least one"
        )
    wrong = ~(np.isfinite(latencies) & (latencies > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ArchflowError(f"{what}: the latency in row {row} is {latencies[row]:g}; give positive numbers only")
    return latencies


def unit_doubt(what: str, milliseconds: ArrayLike, beside: ArrayLike | None = None) -> str | None:
    """One line if latencies that should be in milliseconds look as if they were in another unit; nothing is converted.

    Args:
        what: What they are called.
        milliseconds: (N,) positive.
        beside: (M,) latencies of networks like these, known to be in milliseconds. Without them only a median that no
            set of networks has is doubted.

    Raises:
        ArchflowError: As `checked_latencies` does.
    """
    median = float(np.median(checked_latencies(what, milliseconds)))
    if beside is None:
        low, high, of = _LEAST, _MOST, ""
    else:
        usual = float(np.median(checked_latencies(what, beside)))
        low, high, of = usual / _APART, usual * _APART, f", where {usual:.3g} ms is usual"
    if low <= median <= high:
        return None
    unit, factor = ("seconds", "multiply by 1,000") if median < low else ("microseconds", "divide by 1,000")
    return f"{what}: the median is {median:.3g} ms{of}: if these are {unit}, {factor}; they were taken as they are"


def mixed_doubt(what: str, values: ArrayLike, rows: ArrayLike) -> str | None:
    """One line if a few positive values are far from all others, as if in another unit; nothing is converted.

    Args:
        what: What they are called.
        values: (N,) the values.
        rows: (N,) their rows in the table.
    """
    values, rows = np.asarray(values, float), np.asarray(rows)
    order = np.argsort(values)
    steps = values[order[1:]] / values[order[:-1]] if len(values) > 4 and values.min() > 0 else np.ones(1)
    at = int(steps.argmax()) + 1
    few, others = (order[:at], order[at:]) if 2 * at <= len(values) else (order[at:], order[:at])
    if steps.max() < _OFF or 4 * len(few) > len(values) or values[others].max() > _LIKE * values[others].min():
        return None
    among = f"labels, in row {rows[few].min()} first," if len(few) > 1 else f"labels, in row {rows[few[0]]},"
    return (
        f"{what}: {len(few)} of {len(values)} {among} {'are' if len(few) > 1 else 'is'} far from the others "
        f"({values[few].min():.4g} to {values[few].max():.4g}; the others {values[others].min():.4g} to "
        f"{values[others].max():.4g}): correct the unit if it is another; they were taken as they are"
    )
