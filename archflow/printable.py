"""Text from users: what can be a name, and how messages show it.

Messages show it on one line, shortened, and without anything that a terminal would interpret.
"""

from __future__ import annotations

from typing import TypeGuard

_LONGEST = 60


def printable(text: str) -> str:
    """Escape everything in a text that a terminal would interpret or could not print.

    These are control characters, line breaks, marks that change the direction of writing, and lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def is_name(value: object) -> TypeGuard[str]:
    """Whether a value can be a name: text that is not empty and, having no lone surrogate, can be written to a file."""
    if not isinstance(value, str) or not value:
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def shown(value: object) -> str:
    """Shorten a value for an error message; a text is put in quotes."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "...")
    whole = repr(value)
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 3] + "..."
