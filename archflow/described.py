"""Described files: what a JSON description may hold is a type, and nothing is built before the content has that type.

A shape is any type that pydantic knows: a subclass of `Described`, a dataclass, a list of them. It stands beside the
code that writes the file.
"""

from __future__ import annotations

import functools
import json
import math
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from archflow.errors import ArchflowError
from archflow.printable import printable

Shape = TypeVar("Shape")

_LONG = re.compile(r"\d{20,308}")
"""Bounds that pydantic writes with all their zeros."""


class Described(BaseModel):
    """The shape of a JSON object."""

    model_config = ConfigDict(frozen=True)


def parse(shape: type[Shape], content: Any, what: str, mend: str, *, finite: bool = True, more: bool = False) -> Shape:
    """The content of a JSON file as an object of the shape.

    Args:
        shape: The type that it must have; nothing is converted from another type.
        content: As `archflow.files.parse_json` gives it.
        what: Begins the error: the file, or what is described.
        mend: Ends it: what the user can do.
        finite: Whether NaN and infinity are refused everywhere.
        more: Whether objects may have fields that the shape does not name.

    Raises:
        ArchflowError: If one line that names the first field that is wrong.
    """
    if finite and (path := _not_finite(content)) is not None:
        raise ArchflowError(f"{what}: {_shortened(path)}is not a finite number; {mend}")
    try:
        return _adapter(shape).validate_json(json.dumps(content), strict=True, extra="ignore" if more else "forbid")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = _shortened(".".join(map(str, first["loc"])))
        problem = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        problem = _LONG.sub(lambda number: f"{float(number[0]):g}", problem)
        raise ArchflowError(f"{what}: {field}{problem}; {mend}") from None


def _shortened(path: str) -> str:
    """The path of a field, whose names may be anything, before what is wrong with it."""
    return f"{printable(path if len(path) <= 200 else f'{path[:197]}...')}: " if path else ""


@functools.cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _not_finite(content: Any, path: str = "") -> str | None:
    """The path of the first number that is NaN or infinite."""
    if isinstance(content, float):
        return None if math.isfinite(content) else path
    named = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    found = (_not_finite(part, f"{path}.{name}" if path else str(name)) for name, part in named)
    return next(filter(None, found), None)
