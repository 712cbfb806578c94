"""Names for parts: the name is what the command line, configurations and saved models use.

A part of archflow is a file in its package's folder; nothing else has to name it. A third-party package registers its
own parts through an entry point, without touching archflow:

    [project.entry-points."archflow.encoders"]
    my_encoder = "my_package.encoders:MyEncoder"

A class of one's own needs no name: wherever a name is accepted, `my_package.encoders:MyEncoder` imports it. Files keep
that name, but reading one imports nothing: its module has to be imported first, as only the user can decide to run it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from functools import cached_property, reduce
from importlib.metadata import EntryPoints, entry_points
from typing import Any, Generic, TypeVar

from archflow.errors import ArchflowError
from archflow.named_objects import is_object_name, object_at
from archflow.near import alternatives

OWN = (
    "your own class is given as package.module:Class, or registered under a name by a module that is imported first, "
    "on the command line by --plugin FILE (docs/extending.md)"
)
"""The end of the error about an unknown name."""

_ROOT = f"{__name__.partition('.')[0]}."

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
        self._own: dict[str, Part] = {}

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
        return sorted({*self._parts, *(point.name for point in self._entry_points)})

    def get(self, name: str) -> Part:
        """The part of that name, or the class `package.module:Class`, whose module is imported.

        Raises:
            ArchflowError: If there is none, with the nearest names; or the class cannot be imported or is no such part.
        """
        self._load()
        if name in self._parts:
            return self._parts[name]
        for point in self._entry_points:
            if point.name == name:
                return self._parts.setdefault(name, point.load())
        if is_object_name(name):
            return self._checked(name, object_at(name))
        raise ArchflowError(f"no {self.kind} is called {name!r}; {alternatives(name, self.names())}; {OWN}")

    def saved(self, name: str) -> Part:
        """The part that a file names. Of `package.module:Class`, the module must have been imported already.

        Raises:
            ArchflowError: If there is none; the message says what to import.
        """
        if not is_object_name(name):
            return self.get(name)
        module, _, path = name.partition(":")
        found: Any = reduce(lambda part, each: getattr(part, each, None), path.split("."), sys.modules.get(module))
        if found is None:
            raise ArchflowError(f"it needs the {self.kind} {name}, which is not of archflow; first import {module}")
        return self._checked(name, found)

    def name_of(self, part: object) -> str | None:
        """The name by which `get` finds a part; None if it has none."""
        self._load()
        return next((name for name, each in (*self._own.items(), *sorted(self._parts.items())) if each is part), None)

    def _checked(self, name: str, given: Any) -> Part:
        """Keep a part that is called `package.module:Class`, if it is one of this kind."""
        self._load()
        wanted = self._contract()
        if wanted and not (inspect.isclass(given) and issubclass(given, wanted)):
            raise ArchflowError(f"{name}: is no {self.kind}; derive it from {wanted.__module__}:{wanted.__name__}")
        found: Any = given
        return self._own.setdefault(name, found)

    def _contract(self) -> type | None:
        """The most specific class of archflow from which all built-in parts derive; None if they are no classes."""
        built_in = [part for part in self._parts.values() if str(getattr(part, "__module__", "")).startswith(_ROOT)]
        if not built_in or not all(inspect.isclass(part) for part in built_in):
            return None
        first, *others = built_in
        bases = (each for each in inspect.getmro(first) if each.__module__.startswith(_ROOT))  # type: ignore[arg-type]
        return next((each for each in bases if all(issubclass(part, each) for part in others)), None)  # type: ignore[arg-type]

    def _load(self) -> None:
        """Import every module of the package, so that its decorators run."""
        if self._loaded:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            importlib.import_module(f"{self._package}.{module.name}")
        self._loaded = True

    @cached_property
    def _entry_points(self) -> EntryPoints:
        """Those of installed packages. Finding them reads the metadata of every package, so it is done once."""
        return entry_points(group=self._package)
