"""What is attacked: functions that get a folder and random numbers, and take one damaged input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.mutate import Random

Attempt = Callable[[Random], object]
"""Gives archflow one damaged input. It may return, or raise `ArchflowError` with one line."""

SURFACES: dict[str, Callable[[Path], Attempt]] = {}
"""By name: makes what is damaged in a folder of its own, once."""


def surface(prepare: Callable[[Path], Attempt]) -> Callable[[Path], Attempt]:
    """Register a surface under the name of the function."""
    SURFACES[prepare.__name__] = prepare
    return prepare
