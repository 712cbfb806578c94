"""Numbers that a user gives: made Python's own, and checked, where they enter."""

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
"""Of a weight in training: itself, its gradient, and two moments of the optimiser, in float32."""


def plain(value: Any) -> Any:
    """A number of NumPy or torch as one of Python's; anything else as it is."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def whole(what: str, value: Any, least: float = -math.inf, most: float = math.inf) -> int:
    """The value as an int; 3.0 is one.

    Args:
        what: What it is called in an error.
        value: A number of Python, NumPy or torch.
        least, most: Its bounds.

    Raises:
        ArchflowError: It is no whole number within the bounds.
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
    """The value as a float.

    Args:
        what: What it is called in an error.
        value: A number of Python, NumPy or torch.
        least, most: Its bounds.
        above: A bound that it must exceed.

    Raises:
        ArchflowError: It is no finite number within the bounds.
    """
    given = plain(value)
    known = isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= sys.float_info.max
    if not known or not math.isfinite(given) or not least <= given <= most or (above is not None and given <= above):
        raise ArchflowError(f"{what} must be a number{_range(least, most, above)}, not {given!r}")
    return float(given)


def checked(what: str, value: Any, like: Any, **bounds: Any) -> Any:
    """The value, if it is of the kind of a default: `whole` for an int, `number` for a float, true or false for a bool;
    of any other kind it is returned as it is."""
    if isinstance(like, bool):
        if not isinstance(plain(value), bool):
            raise ArchflowError(f"{what} must be true or false, not {value!r}")
        return plain(value)
    if isinstance(like, int | float):
        return (whole if isinstance(like, int) else number)(what, value, **bounds)
    return plain(value)


def bounded(default: int | float, **bounds: float) -> Any:
    """A field of a `Bounded` dataclass, with the bounds that `whole` or `number` take."""
    return dataclasses.field(default=default, metadata=bounds)


@dataclasses.dataclass(frozen=True)
class Bounded:
    """A frozen dataclass of settings. Every field whose default is a number or a truth value is converted to that kind
    and checked when the settings are made; `bounded` gives it bounds."""

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
        learning_rate: Of the training.

    Raises:
        ArchflowError: A figure is not finite.
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
