"""Resolving names given by the user."""

from __future__ import annotations

from collections.abc import Iterable

from archflow.errors import ArchflowError
from archflow.near import alternatives
from archflow.printable import shown


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the name if it is known. Raises ArchflowError with the nearest name and a list of all names."""
    names = list(known)
    if name in names:
        return name
    raise ArchflowError(f"no {kind} is called {shown(name)}; {alternatives(name, names)}")
