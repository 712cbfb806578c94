"""Resolving names given by the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from archflow.errors import ArchflowError
from archflow.printable import shown

_LISTED = 40


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the name if it is known. Raises ArchflowError with the nearest name and a list of all names."""
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    raise ArchflowError(f"no {kind} is called {shown(name)}; {hint}there are: {listed or 'none'}")
