"""Objects of the user's own code, by where they are: `package.module:name`."""

from __future__ import annotations

import importlib
import os
import re
import sys
from typing import Any

from archflow.errors import ArchflowError
from archflow.printable import shown

_FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def is_object_name(text: str) -> bool:
    """Whether a text has the form `package.module:name`."""
    return _FORM.fullmatch(text) is not None


def object_at(name: str) -> Any:
    """The object `package.module:name`, from the working folder too. Its module is imported, so its code runs.

    Raises:
        ArchflowError: It cannot be imported; the line says why.
    """
    if not is_object_name(name):
        raise ArchflowError(f"{shown(name)}: is not of the form package.module:name")
    module, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the user's module raises
        raise ArchflowError(f"{name}: cannot be imported ({first_line(error)})") from None
    return found


def first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
