"""Helpers that read features' descriptions: plain JSON, which may come from a damaged file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.errors import ArchflowError
from archflow.printable import is_name


def damaged(what: str) -> ArchflowError:
    """The error for a description that no features can have written."""
    return ArchflowError(f"features: their description is damaged ({what}); fit the predictor again")


def entry(about: Any, name: str) -> Any:
    """One entry of a description. Raises ArchflowError if it is missing."""
    if not isinstance(about, Mapping) or name not in about:
        raise damaged(f"it has no {name!r}")
    return about[name]


def texts(about: Any, name: str) -> tuple[str, ...]:
    """An entry that is a list of texts, none of them empty."""
    given = entry(about, name)
    if not isinstance(given, list | tuple) or not all(is_name(text) for text in given):
        raise damaged(f"{name!r} is not a list of names")
    return tuple(given)


def integers(given: Any, name: str, below: int) -> tuple[int, ...]:
    """A list of integers from 0 to `below` - 1, called `name` in errors."""
    whole = isinstance(given, list | tuple) and all(isinstance(each, int) and each is not True for each in given)
    if not whole or not all(0 <= each < below for each in given):
        raise damaged(f"{name!r} is not a list of integers below {below}")
    return tuple(given)


def lists(about: Any, name: str, length: int | None = None) -> list[list]:
    """An entry that is a list of lists, each of the given length, if any."""
    given = entry(about, name)
    listed = isinstance(given, list | tuple) and all(isinstance(each, list | tuple) for each in given)
    if not listed or not all(length in (None, len(each)) for each in given):
        raise damaged(f"{name!r} is not a list of lists")
    return [list(each) for each in given]
