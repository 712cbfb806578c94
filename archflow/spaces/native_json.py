"""Native strings that are JSON objects, parsed strictly: every error names its position."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import parse_json
from archflow.printable import shown

__all__ = ["read_object", "shown", "shown_value"]


def read_object(text: str, fields: Iterable[str] = ()) -> dict[str, Any]:
    """Parse the JSON object in a text, with exactly these fields if any are given.

    Raises:
        ArchflowError: If the text is not JSON or not an object, has a duplicate, missing or unknown field, or contains
            NaN or infinity; the message names the character or the field.
    """
    try:
        value = parse_json(text, _no_constant)
    except json.JSONDecodeError as error:
        found = repr(text[error.pos : error.pos + 12]) if error.pos < len(text) else "the end"
        raise ArchflowError(
            f"{shown(text)}: not JSON from character {error.pos + 1} on ({error.msg}), found {found}"
        ) from None
    except ValueError as error:
        raise ArchflowError(f"{shown(text)}: {error}") from None
    if not isinstance(value, dict):
        raise ArchflowError(f'{shown(text)}: it is not a JSON object; write {{"field": ...}} from character 1 on')
    expected = list(fields)
    unknown = next((name for name in value if expected and name not in expected), None)
    if unknown is not None:
        raise ArchflowError(f"{shown(text)}: unknown field {shown(unknown)}; the fields are {', '.join(expected)}")
    missing = next((name for name in expected if name not in value), None)
    if missing is not None:
        raise ArchflowError(f"{shown(text)}: field {missing!r} is missing; the fields are {', '.join(expected)}")
    return value


def shown_value(value: object) -> str:
    """A JSON value as error messages show it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shown(value) if isinstance(value, str) else shown(json.dumps(value))[1:-1]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number; give a finite one")
