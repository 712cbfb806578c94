"""What a user may have meant by a name that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 40
"""Names that are listed at most."""


def alternatives(name: str, known: Iterable[str], *, listed: str = "there are", most: int = 1) -> str:
    """The end of an error about an unknown name: the nearest known names, if any is near, then all of them.

    Args:
        name: What the user gave.
        known: The names that there are.
        listed: Words before the list.
        most: Near names, at most.
    """
    names = list(known)
    lowered = {each.lower(): each for each in reversed(names)}
    near = [lowered[each] for each in difflib.get_close_matches(name.lower(), lowered, n=most)]
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    more = ", ..." if len(names) > _LISTED else ""
    return f"{hint}{listed}: {', '.join(names[:_LISTED]) or 'none'}{more}"
