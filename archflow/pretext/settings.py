"""The settings of a pretext task: their defaults and their validation."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from archflow.configured import parsed
from archflow.errors import ArchflowError
from archflow.near import alternatives

__all__ = ["checked", "defaults", "parsed"]

_NONE, _MORE = inspect.Parameter.empty, inspect.Parameter.VAR_KEYWORD


def defaults(task: type) -> dict[str, Any]:
    """The settings of a task with their defaults: the arguments of its constructor after the encoder."""
    parameters = list(inspect.signature(task).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters if parameter.kind is not _MORE}


def checked(name: str, task: type, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Validate settings: the task must have them, and their values must have the types of the defaults.

    Raises:
        ArchflowError: If a setting is unknown or has the wrong type; the message names the task and the setting, and
            suggests the nearest name.
    """
    known = defaults(task)
    for setting, value in settings.items():
        if setting not in known:
            raise ArchflowError(f"{name} has no setting {setting!r}; {alternatives(setting, known)}")
        wanted = _wanted(known[setting], value)
        if wanted:
            raise ArchflowError(f"{name}: {setting} {value!r} is no {wanted}")
    missing = [setting for setting, default in known.items() if default is _NONE and setting not in settings]
    if missing:
        raise ArchflowError(f"{name} has no default for the setting {missing[0]!r}; give a value")
    return settings


def _wanted(default: Any, value: Any) -> str:
    """The type that the value should have, in words; empty if it is valid."""
    if default in (None, _NONE):
        return ""
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, Integral):
        return "" if isinstance(value, Integral) and not isinstance(value, bool) else "whole number"
    if isinstance(default, Real):
        return "" if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value) else "number"
    if isinstance(default, str):
        return "" if isinstance(value, str) else "text"
    if isinstance(default, list | tuple):
        entries = isinstance(value, Sequence) and not isinstance(value, str)
        kinds = {_wanted(each, entry) for each in default[:1] for entry in value} if entries else {"list"}
        return next((f"list of {kind}s" if entries else kind for kind in kinds if kind), "")
    return "" if isinstance(value, Mapping) or not isinstance(value, str | bool | Real | list | tuple) else "mapping"
