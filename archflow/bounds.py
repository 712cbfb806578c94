"""Checks of the numbers that a user gives, and their conversion to Python's own types."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable
from typing import Any

from archflow.errors import ArchflowError

WIDEST = 65_536
"""The largest width of a layer."""

TRAINED_BYTES = 16
"""Bytes per weight in training: the weight, its gradient and two moments of the optimiser, in float32."""


def plain(value: Any) -> Any:
    """Convert a number of NumPy or torch to one of Python's; anything else is returned unchanged."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def whole(what: str, value: Any, least: float = -math.inf, most: float = math.inf) -> int:
    """Convert a whole number, such as 3 or 3.0, to an int.

    Args:
        what: What it is called in an error.
        value: A number of Python, NumPy or torch.
        least, most: Its bounds.

    Raises:
        ArchflowError: If it is not a whole number within the bounds.
    """
    given = plain(value)
    integral = not isinstance(given, bool) and (
        isinstance(given, int) or (isinstance(given, float) and given.is_integer())
    )
    if not integral or not least <= given <= most:
        raise ArchflowError(f"{what} must be a whole number{_range(least, most)}, not {given!r}")
    return int(given)


def number(
    what: str, value: Any, least: float = -math.inf, most: float = math.inf, above: float | None = None
) -> float:
    """Convert a finite number to a float.

    Args:
        what: What it is called in an error.
        value: A number of Python, NumPy or torch.
        least, most: Its bounds.
        above: A bound that it must exceed.

    Raises:
        ArchflowError: If it is not a finite number within the bounds.
    """
    given = plain(value)
    known = isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= sys.float_info.max
    if not known or not math.isfinite(given) or not least <= given <= most or (above is not None and given <= above):
        raise ArchflowError(f"{what} must be a number{_range(least, most, above)}, not {given!r}")
    return float(given)


def checked(what: str, value: Any, like: Any, **bounds: Any) -> Any:
    """Convert a value to the type of a default.

    A default of type int requires `whole`, a float `number`, and a bool true or false; with a default of any other
    type, the value is returned unchanged.
    """
    if isinstance(like, bool):
        if not isinstance(plain(value), bool):
            raise ArchflowError(f"{what} must be true or false, not {value!r}")
        return plain(value)
    if isinstance(like, int | float):
        return (whole if isinstance(like, int) else number)(what, value, **bounds)
    return plain(value)


def bounded(default: int | float, **bounds: float) -> Any:
    """Define a field of a `Bounded` dataclass, with the bounds that `whole` or `number` take."""
    return dataclasses.field(default=default, metadata=bounds)


@dataclasses.dataclass(frozen=True)
class Bounded:
    """A frozen dataclass of settings.

    Every field whose default is a number or a bool is converted to that type and checked when the settings are made;
    `bounded` gives it bounds.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            what = f"{type(self).__name__}: {field.name}"
            value = checked(what, getattr(self, field.name), field.default, **field.metadata)
            object.__setattr__(self, field.name, value)


def check_progress(training: str, epoch: int, figures: Iterable[float], learning_rate: float) -> None:
    """Refuse to continue a training that has diverged, or to return its initial weights.

    Args:
        training: What it is called in an error.
        epoch: Counted from 0.
        figures: Its losses and scores.
        learning_rate: The learning rate, which the message advises to lower.

    Raises:
        ArchflowError: If a figure is not finite.
    """
    if not all(map(math.isfinite, figures)):
        raise ArchflowError(
            f"{training} diverged: in epoch {epoch + 1} a loss or score is not finite; "
            f"give a learning rate below {learning_rate:g}"
        )


def _range(least: float, most: float, above: float | None = None) -> str:
    ends = [f"above {above:g}"] if above is not None else []
    ends += [f"of at least {least:,g}"] if least > -math.inf else []
    ends += [f"at most {most:,.12g}"] if most < math.inf else []
    return f" {' and '.join(ends)}" if ends else ""
