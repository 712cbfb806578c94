"""NumPy numbers and arrays, and columns of pandas tables, from the `Call`s noted by `archflow.data.safe_pickle`.

Everything that a file claims (data type, shape, number of bytes) is checked before an array is made; pandas is not
needed.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.safe_pickle import Call, Name
from archflow.errors import ArchflowError

# numpy 2 renamed the module that its pickles name.
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_SCALAR = frozenset(f"{module}:scalar" for module in _MODULES)
_RECONSTRUCT = frozenset(f"{module}:_reconstruct" for module in _MODULES)
_INDEX = "pandas.core.indexes.base:_new_Index"
NUMPY_NAMES = frozenset({"numpy:dtype", "numpy:ndarray"}) | _SCALAR | _RECONSTRUCT
PANDAS_NAMES = NUMPY_NAMES | {
    "pandas.core.frame:DataFrame",
    "pandas.core.internals.managers:BlockManager",
    "pandas.core.indexes.base:Index",
    "pandas.core.indexes.range:RangeIndex",
    _INDEX,
    "builtins:slice",
}
_NUMERIC = re.compile(r"b1|[iu][1248]|f[248]")


def number(value: Any) -> float:
    """A number as Python or NumPy pickles it. Raises ArchflowError for anything else."""
    if isinstance(value, bool | int | float):
        return float(value)
    if _is_call(value, _SCALAR) and len(value.arguments) == 2:
        kind = _dtype(value.arguments[0])
        content = value.arguments[1]
        if kind is not None and isinstance(content, bytes) and len(content) == kind.itemsize:
            return float(np.frombuffer(content, kind)[0])
    raise ArchflowError(f"expected a number, found {_shown(value)}")


def array(value: Any) -> NDArray[Any]:
    """A NumPy array: of numbers, or of texts (then of dtype object). Raises ArchflowError for anything else."""
    if not (_is_call(value, _RECONSTRUCT) and value.arguments[:1] == (Name("numpy:ndarray"),)):
        raise ArchflowError(f"expected an array, found {_shown(value)}")
    if not (isinstance(value.state, tuple) and len(value.state) == 5):
        raise ArchflowError("an array without its content")
    _, shape, kind_note, by_column, content = value.state
    if not (isinstance(shape, tuple) and len(shape) <= 2 and all(type(n) is int and 0 <= n < 1 << 31 for n in shape)):
        raise ArchflowError("an array whose shape is not one or two sizes")
    kind, count = _dtype(kind_note), math.prod(shape)
    if kind is None:
        if not (isinstance(content, list) and len(content) == count and all(type(text) is str for text in content)):
            raise ArchflowError(f"an array of objects that are not {count} texts")
        flat = np.empty(count, object)
        flat[:] = content
    elif isinstance(content, bytes) and len(content) == count * kind.itemsize:
        flat = np.frombuffer(content, kind)
    else:
        raise ArchflowError(f"an array whose content is not the {count} numbers of its shape")
    return flat.reshape(shape, order="F" if by_column is True else "C")


def columns(value: Any) -> dict[str, NDArray[Any]]:
    """The columns of a pandas DataFrame (as pandas 1.0 and its neighbours pickle it), by name, (N,) each.

    Raises ArchflowError for anything else.
    """
    manager: Any = value.state.get("_data") if _is_call(value, {"pandas.core.frame:DataFrame"}, dict) else None
    if not (_is_call(manager, {"pandas.core.internals.managers:BlockManager"}, tuple) and len(manager.state) >= 3):
        raise ArchflowError(f"expected a pandas table of version 1, found {_shown(value)}")
    _, blocks, names = manager.state[:3]
    if not (isinstance(blocks, list) and isinstance(names, list) and len(blocks) == len(names)):
        raise ArchflowError("a pandas table whose blocks and names of columns do not fit together")
    found: dict[str, NDArray[Any]] = {}
    for block, index in zip(map(array, blocks), map(_index, names), strict=True):
        if block.ndim != 2 or len(block) != len(index):
            raise ArchflowError("a pandas table whose blocks and names of columns do not fit together")
        found |= dict(zip(index, block, strict=True))
    if len({len(column) for column in found.values()}) > 1:
        raise ArchflowError("a pandas table with columns of different lengths")
    return found


def _index(value: Any) -> list[str]:
    if not (
        _is_call(value, {_INDEX})
        and len(value.arguments) == 2
        and isinstance(value.arguments[1], dict)
        and "data" in value.arguments[1]
    ):
        raise ArchflowError(f"expected the names of columns, found {_shown(value)}")
    names = array(value.arguments[1]["data"]).tolist()
    if not all(isinstance(name, str) for name in names):
        raise ArchflowError("names of columns that are not texts")
    return names


def _dtype(value: Any) -> np.dtype[Any] | None:
    """A numeric data type; None for the object type. Raises ArchflowError for any other."""
    if _is_call(value, {"numpy:dtype"}, tuple) and value.arguments and len(value.state) >= 2:
        kind, order = value.arguments[0], value.state[1]
        if kind == "O8":
            return None
        if isinstance(kind, str) and _NUMERIC.fullmatch(kind) and order in ("<", ">", "|", "="):
            return np.dtype(kind).newbyteorder(order)
    raise ArchflowError(f"expected a data type of numbers, found {_shown(value)}")


def _is_call(value: Any, functions: Any, state: type = object) -> bool:
    return isinstance(value, Call) and value.function in functions and isinstance(value.state, state)


def _shown(value: Any) -> str:
    """Describe a value without its content, which may be huge."""
    if isinstance(value, Call):
        return f"a call of {value.function}"
    return f"a value of type {type(value).__name__}"
