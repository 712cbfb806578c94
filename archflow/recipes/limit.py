"""Limits with units: 20ms, 0.02s."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
"""Seconds of each unit."""

APART = 100.0
"""A limit beyond all predictions by this factor may be in another unit."""

_FORM = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([a-zµ]*)\s*")


def unit_of(metric: str) -> str | None:
    """The unit of time that a column's name ends in, as in `latency_ms`; None if it says none."""
    _, _, ending = metric.rpartition("_")
    return {"sec": "s", "seconds": "s"}.get(ending, ending if ending in UNITS and ending != metric else None)


def limit_in(text: str, metric: str) -> float:
    """Read a limit, in the unit of a metric.

    Raises:
        ArchflowError: If it is not positive, has a unit that the metric lacks, or lacks one although the metric's name
            says one.
    """
    found = _FORM.fullmatch(text)
    value = float(found[1]) if found else math.nan
    if found is None or not 0 < value < math.inf:
        raise ArchflowError(f"--limit {text!r}: give a positive number with its unit, such as 20ms or 0.02s")
    unit, own = found[2].replace("µ", "u"), unit_of(metric)
    if unit and unit not in UNITS:
        raise ArchflowError(f"--limit {text!r}: {unit!r} is no unit of time; give one of {', '.join(UNITS)}")
    if own is None:
        if unit:
            raise ArchflowError(
                f"--limit {text!r}: the name {metric!r} does not say its unit, as latency_ms does; give a number "
                "without unit, in that of the column"
            )
        return value
    if not unit:
        raise ArchflowError(f"--limit {text!r}: {text.strip()} of what? Say {text.strip()}{own}, or another unit")
    return value * UNITS[unit] / UNITS[own]


def limit_doubt(text: str, limit: float, predicted: NDArray[np.float64]) -> str | None:
    """A line if a limit is so far from all predictions that its unit may be wrong."""
    least, most = float(predicted.min()), float(predicted.max())
    if least > 0 and not least / APART <= limit <= most * APART:
        return f"--limit {text}: predictions lie between {least:.3g} and {most:.3g}; is the unit right?"
    return None
