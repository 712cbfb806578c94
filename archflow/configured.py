"""Parts that remember how they were built, and their settings as texts."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from archflow.bounds import checked
from archflow.errors import ArchflowError


class Configured:
    """Captures the arguments of its constructor, so that a part can be saved and built again.

    Subclasses write an ordinary `__init__`; before it runs, every argument, defaults included, is stored in `config`
    in the form that JSON keeps: sequences as lists, NumPy scalars as Python numbers. `type(part)(**part.config)` is
    the same part, freshly made.

    Arguments that are annotated as `int`, `float` or `bool` are checked before, and given to the constructor as
    Python's own numbers: NumPy's scalars, and 8.0 where a whole number is asked for, are as good.

    Attributes:
        config: The arguments by name.
        bounds: The least and, where there is one, the most that arguments of these names may be.
        given: Arguments that are what the part works on, not how it works; they are not in `config`.
    """

    config: dict[str, Any]
    bounds: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    given: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _capturing(cls.__init__)


_KINDS = {"int": 0, "float": 0.0, "bool": False}
"""A value of every kind of argument that is checked, by its annotation."""


def _capturing(init):
    signature = inspect.signature(init)

    @functools.wraps(init)
    def captured(self, *args: Any, **kwargs: Any) -> None:
        if "config" in vars(self):  # where a subclass calls the constructor of its base
            init(self, *args, **kwargs)
            return
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name, parameter in signature.parameters.items():
            like = _KINDS.get(str(getattr(parameter.annotation, "__name__", parameter.annotation)))
            if like is not None and name in bound.arguments:
                limits = dict(zip(("least", "most"), self.bounds.get(name, ()), strict=False))
                what = f"{type(self).__name__}: {name}"
                bound.arguments[name] = checked(what, bound.arguments[name], like, **limits)
        named = dict(list(bound.arguments.items())[1:])
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                named.update(named.pop(name))
        self.config = {name: _plain(value) for name, value in named.items() if name not in self.given}
        init(*bound.args, **bound.kwargs)

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


def parsed(
    assignments: Sequence[str], form: str = "TASK.SETTING=VALUE, such as graphcl.temperature=0.1"
) -> dict[str, dict[str, Any]]:
    """Settings by part from texts such as `graphcl.temperature=0.1`, whose values are JSON, or plain words.

    Args:
        assignments: The texts.
        form: What an error says they should look like.

    Raises:
        ArchflowError: If a text is not of this form.
    """
    settings: dict[str, dict[str, Any]] = {}
    for text in assignments:
        target, equals, value = text.partition("=")
        part, dot, setting = target.strip().rpartition(".")  # the part may be package.module:Class
        if not (part and dot and setting and equals):
            raise ArchflowError(f"setting {text!r}: write {form}")
        settings.setdefault(part, {})[setting] = _value(text, value.strip())
    return settings


def _value(text: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        if value[:1] in ("", "[", "{", '"'):
            raise ArchflowError(f"setting {text!r}: {value!r} is no JSON value") from None
        return value
