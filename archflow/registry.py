"""Names for parts: the name is what the command line, configurations and saved models use.

A part of archflow is a file in its package's folder; nothing else has to name it. A third-party package registers its
own parts through an entry point, without touching archflow:

    [project.entry-points."archflow.encoders"]
    my_encoder = "my_package.encoders:MyEncoder"
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from archflow.errors import ArchflowError
from archflow.near import alternatives

Part = TypeVar("Part")
SamePart = TypeVar("SamePart")


class Registry(Generic[Part]):
    """Parts of one kind by name.

    kind: what an error message calls the part ("encoder").
    package: the package whose modules register the built-in parts; all are imported at the first look-up.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._loaded = False
        self._parts: dict[str, Part] = {}

    def register(self, name: str) -> Callable[[SamePart], SamePart]:
        """Decorator that gives a part its name. Raises ArchflowError if the name is taken."""

        def add(part: SamePart) -> SamePart:
            if self._parts.setdefault(name, part) is not part:  # type: ignore[arg-type]  # a decorator keeps the type
                raise ArchflowError(f"{self.kind} name {name!r} is taken; register yours under another")
            return part

        return add

    def names(self) -> list[str]:
        """All names, built-in and from installed packages, sorted."""
        self._load()
        return sorted({*self._parts, *(point.name for point in self._entry_points())})

    def get(self, name: str) -> Part:
        """The part of that name. Raises ArchflowError with the nearest names if there is none."""
        self._load()
        if name in self._parts:
            return self._parts[name]
        for point in self._entry_points():
            if point.name == name:
                return self._parts.setdefault(name, point.load())
        raise ArchflowError(f"no {self.kind} is called {name!r}; {alternatives(name, self.names())}")

    def _load(self) -> None:
        """Import every module of the package, so that its decorators run."""
        if self._loaded:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            importlib.import_module(f"{self._package}.{module.name}")
        self._loaded = True

    def _entry_points(self):
        return entry_points(group=self._package)
