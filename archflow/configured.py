"""Parts that remember how they were built."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from typing import Any


class Configured:
    """Captures the arguments of its constructor, so that a part can be saved and built again.

    Subclasses write an ordinary `__init__`; before it runs, every argument, defaults included, is stored in `config`
    in the form that JSON keeps: sequences as lists, NumPy scalars as Python numbers. `type(part)(**part.config)` is
    the same part, freshly made.

    Attributes:
        config: The arguments by name.
    """

    config: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _capturing(cls.__init__)


def _capturing(init):
    signature = inspect.signature(init)

    @functools.wraps(init)
    def captured(self, *args: Any, **kwargs: Any) -> None:
        if "config" not in vars(self):  # not where a subclass calls the constructor of its base
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            named = dict(list(bound.arguments.items())[1:])
            for name, parameter in signature.parameters.items():
                if parameter.kind is parameter.VAR_KEYWORD:
                    named.update(named.pop(name))
            self.config = {name: _plain(value) for name, value in named.items()}
        init(self, *args, **kwargs)

    return captured


def _plain(value: Any) -> Any:
    """The value as JSON would give it back."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, str | bytes):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if not isinstance(value, type) and hasattr(value, "tolist"):  # NumPy's arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, list | tuple | range):
        return [_plain(part) for part in value]
    return value
