"""The user's own code: objects by where they are, `package.module:name`, and files that are run."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.printable import shown

PLUGINS = "ARCHFLOW_PLUGINS"
"""The environment variable that tells worker processes which files to run."""

_FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def is_object_name(text: str) -> bool:
    """Whether a text has the form `package.module:name`."""
    return _FORM.fullmatch(text) is not None


def object_at(name: str) -> Any:
    """The object `package.module:name`, from the working folder too. Its module is imported, so its code runs.

    Raises:
        ArchflowError: If it cannot be imported; the line says why.
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


def run_file(path: Path) -> None:
    """Run a Python file of the user's as a module, once.

    Raises:
        ArchflowError: If it cannot be run; the line says why.
    """
    path = path.resolve()
    if any(getattr(module, "__file__", None) == str(path) for module in list(sys.modules.values())):
        return
    if path.suffix != ".py" or not path.is_file():
        raise ArchflowError(f"--plugin {path}: no such Python file (.py)")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None, "a file that ends in .py has a loader"
    assert spec.loader is not None, "a file that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises
        if sys.modules.get(path.stem) is module:
            del sys.modules[path.stem]
        raise ArchflowError(f"--plugin {path}: cannot be run ({first_line(error)})") from None


def run_plugins(paths: Iterable[Path]) -> None:
    """Run the user's files in this process, and in the worker processes that it starts later."""
    paths = [path.resolve() for path in paths]
    for path in paths:
        run_file(path)
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))  # worker processes import the file's classes before they run it
    if paths:
        before = os.environ.get(PLUGINS, "").split(os.pathsep)
        os.environ[PLUGINS] = os.pathsep.join(dict.fromkeys([*filter(None, before), *map(str, paths)]))


def run_inherited_plugins() -> None:
    """Run the files of the process that started this one."""
    for path in filter(None, os.environ.get(PLUGINS, "").split(os.pathsep)):
        run_file(Path(path))
