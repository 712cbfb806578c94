"""Arguments of calls that are written as text, as values: read with `ast`, and never executed."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

_LONGEST = 100_000
_DTYPES = {
    name: getattr(torch, name)
    for name in (
        *("float16", "float32", "float64", "bfloat16", "half", "float", "double", "bool"),
        *("uint8", "int8", "int16", "int32", "int64", "long", "int", "short"),
    )
}
_NAMES = {"inf": math.inf, "nan": math.nan, "Ellipsis": ...}
_CALLS: Mapping[str, Callable[..., Any]] = {"slice": slice, "float": float}


class UnreadableError(Exception):
    """The text is not a list of values."""


def arguments_of(text: str, names: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The values in a text such as `%0,[1,2],dim=-1`, those with a name apart.

    Args:
        text: The text between the brackets of a call, in Python's form but for `%` and `$` before operands.
        names: What the names in it stand for, with `_` in the place of `%` and `__` in the place of `$`.

    Raises:
        UnreadableError: It is cut off, or holds anything but numbers, texts, lists, slices, types and these names.
    """
    if len(text) > _LONGEST:
        raise UnreadableError("too long")
    try:
        call = ast.parse(f"f({text.replace('%', '_').replace('$', '__')})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(str(error)) from None
    assert isinstance(call, ast.Call)
    return call_arguments(call, names)


def call_arguments(call: ast.Call, names: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The values of the arguments of a call. Raises UnreadableError as `arguments_of` does."""
    positional = [value_of(each, names) for each in call.args]
    return positional, {each.arg: value_of(each.value, names) for each in call.keywords if each.arg is not None}


def value_of(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of an expression. Raises UnreadableError for one that is not in the list of forms."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=parts):
            return [value_of(each, names) for each in parts]
        case ast.Tuple(elts=parts):
            return tuple(value_of(each, names) for each in parts)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = value_of(inner, names)
            if isinstance(value, int | float):
                return -value
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if each is None else value_of(each, names) for each in (lower, upper, step)))
        case ast.Name(id=name):
            if name in names:
                return names[name]
            if name in _NAMES:
                return _NAMES[name]
        case ast.Attribute(value=ast.Name(id="torch"), attr=name) if name in _DTYPES:
            return _DTYPES[name]
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            return _CALLS[name](*(value_of(each, names) for each in node.args))
        case ast.Call(func=ast.Name(id="device") | ast.Attribute(attr="device")):
            return None  # everything is without numbers, wherever it was
    raise UnreadableError(ast.dump(node)[:60])
