"""Native strings that are JSON objects, read strictly: whatever is wrong is said with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from archflow.errors import ArchflowError

_SHOWN = 60


def read_object(text: str, fields: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON object that a text holds, with exactly these fields if any are given.

    Raises ArchflowError, naming the character or the field, for: no JSON, no object, a field twice, a missing or
    unknown field, NaN or infinity.
    """
    try:
        value = json.loads(text, object_pairs_hook=_no_name_twice, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        found = repr(text[error.pos : error.pos + 12]) if error.pos < len(text) else "the end"
        raise ArchflowError(
            f"{shown(text)}: no JSON from character {error.pos + 1} on ({error.msg}), found {found}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ArchflowError(f"{shown(text)}: {error}".splitlines()[0]) from None
    if not isinstance(value, dict):
        raise ArchflowError(f'{shown(text)}: it is no JSON object; write {{"field": ...}} from character 1 on')
    expected = list(fields)
    unknown = next((name for name in value if expected and name not in expected), None)
    if unknown is not None:
        raise ArchflowError(f"{shown(text)}: unknown field {shown(unknown)}; the fields are {', '.join(expected)}")
    missing = next((name for name in expected if name not in value), None)
    if missing is not None:
        raise ArchflowError(f"{shown(text)}: field {missing!r} is missing; the fields are {', '.join(expected)}")
    return value


def shown(text: str) -> str:
    """The beginning of a native string, as an error message shows it: on one line."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")


def shown_value(value: object) -> str:
    """A JSON value as an error message shows it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shown(value) if isinstance(value, str) else shown(json.dumps(value))[1:-1]


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {shown(twice)} stands there twice; give it once")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number; give a finite one")
