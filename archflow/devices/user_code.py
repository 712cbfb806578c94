"""Networks of the user's own code, by where they are: `package.module:build`. This runs the user's modules."""

from __future__ import annotations

import importlib
import os
import re
import sys
from typing import Any

from torch import nn

from archflow.errors import ArchflowError
from archflow.printable import shown

_FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def is_object_name(text: str) -> bool:
    """Whether a text has the form `package.module:name`."""
    return _FORM.fullmatch(text) is not None


def made(name: str) -> Any:
    """What the function or class `package.module:name` gives, or the object itself if it is a network or data.

    Raises:
        ArchflowError: It cannot be imported from the working folder or the installed packages, or it fails.
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
    if isinstance(found, nn.Module) or not callable(found):
        return found
    try:
        return found()
    except Exception as error:
        raise ArchflowError(f"{name}: fails ({first_line(error)})") from None


def made_network(name: str) -> nn.Module:
    """The network that `package.module:name` is or gives. Raises ArchflowError as `made` does, or if it is none."""
    network = made(name)
    if not isinstance(network, nn.Module):
        raise ArchflowError(f"{name}: gives a {type(network).__name__}, not a torch.nn.Module")
    return network


def first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
