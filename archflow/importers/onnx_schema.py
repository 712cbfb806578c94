"""The graph in an ONNX file: nodes, attributes, arrays and shapes, read from the wire format.

Weights stay on disk: only the shapes of learned arrays are read, and the values of arrays that are small enough to be a
shape or an axis. Nothing is executed.

Source: onnx.proto of ONNX 1.23, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import torch
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.files import reason, regular_file
from archflow.importers.steps import MOST_STEPS, check_shape
from archflow.printable import shown
from archflow.protobuf import Message, Value, fields, varints

SMALL = 4096
"""Largest size of an array whose values are read."""

NEWEST = 30
"""The newest version of the operators that a file may use."""

_MOST_VALUES = 4 * MOST_STEPS
_MOST_AXES = 64
_DTYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}
"""Types of arrays by their number in the file; any other type is read as float32."""


@dataclass(frozen=True)
class Array:
    """An initializer or constant: its shape and type, and its values if they are few."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    values: Tensor | None = None


@dataclass(frozen=True)
class OnnxNode:
    """One call of an operator, with the names of its operands and results; "" is an operand that is left out."""

    op: str
    domain: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class OnnxGraph:
    """A model's graph: nodes in the order of the file, and the shapes and types of the values between them."""

    nodes: list[OnnxNode]
    initializers: dict[str, Array]
    inputs: dict[str, tuple[tuple[int | str, ...] | None, torch.dtype]]
    outputs: list[str]
    shapes: dict[str, tuple[tuple[int | str, ...] | None, torch.dtype]] = field(default_factory=dict)
    opsets: Mapping[str, int] = field(default_factory=dict)


def read_onnx(path: Path) -> OnnxGraph:
    """The graph of a file.

    Raises:
        ArchflowError: If it is not an ONNX model, is cut off, or is larger than any real model.
    """
    regular_file(path)  # an error of its own
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise ArchflowError("it is empty")
            # Mapped, so that weights are never read; closed with the last part of it that is in use.
            return _model(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({reason(error)})") from None
    except ArchflowError as error:
        raise ArchflowError(f"{path}: is no ONNX model that can be read: {error}") from None


def _model(message: Message) -> OnnxGraph:
    model = fields(message, _MOST_VALUES)
    opsets = {}
    for each in model.get(8, ()):
        entry = fields(_message(each), 16)
        opsets[_text(entry.get(1, [b""])[-1])] = _integer(entry.get(2, [0])[-1])
    version = opsets.get("", opsets.get("ai.onnx", 0))
    if not 1 <= version <= NEWEST:
        raise ArchflowError(f"its operators are of version {version}; known are 1 to {NEWEST}")
    graphs = model.get(7, ())
    if len(graphs) != 1:
        raise ArchflowError(f"it has {len(graphs)} graphs, not one")
    return _graph(_message(graphs[0]), opsets)


def _graph(message: Message, opsets: Mapping[str, int]) -> OnnxGraph:
    graph = fields(message, _MOST_VALUES)
    if len(graph.get(1, ())) > MOST_STEPS:
        raise ArchflowError(f"it has more than {MOST_STEPS:,} nodes")
    initializers = dict(_named_array(_message(each)) for each in graph.get(5, ()))
    inputs = dict(_value_info(_message(each)) for each in graph.get(11, ()))
    return OnnxGraph(
        nodes=[_node(_message(each)) for each in graph.get(1, ())],
        initializers=initializers,
        inputs={name: about for name, about in inputs.items() if name not in initializers},
        outputs=[_value_info(_message(each))[0] for each in graph.get(12, ())],
        shapes=dict(_value_info(_message(each)) for number in (13, 12) for each in graph.get(number, ())),
        opsets=opsets,
    )


def _node(message: Message) -> OnnxNode:
    node = fields(message, 100_000)
    attributes = dict(_attribute(_message(each)) for each in node.get(5, ()))
    return OnnxNode(
        op=_text(node.get(4, [b""])[-1]) or "unnamed",
        domain=_text(node.get(7, [b""])[-1]),
        inputs=[_text(each) for each in node.get(1, ())],
        outputs=[_text(each) for each in node.get(2, ())],
        attributes=attributes,
    )


def _attribute(message: Message) -> tuple[str, Any]:
    """The name and value of an attribute; a graph is kept as True."""
    read = fields(message, 100_000)
    name = _text(read.get(1, [b""])[-1])
    for number, of in ((5, _array), (4, _text), (3, _integer), (2, _number)):
        if number in read:
            return name, of(read[number][-1])
    if 8 in read:
        return name, _integers(read[8])
    if 7 in read:
        return name, _floats(read[7])
    if 9 in read:
        return name, [_text(each) for each in read[9]]
    return name, True


def _named_array(message: Message) -> tuple[str, Array]:
    read = fields(message, _MOST_VALUES)
    return _text(read.get(8, [b""])[-1]), _array(read)


def _array(message: Value | dict[int, list[Value]]) -> Array:
    read = message if isinstance(message, dict) else fields(_message(message), _MOST_VALUES)
    shape = tuple(_integers(read.get(1, []), _MOST_AXES))
    check_shape(shape)
    for entry in read.get(13, ()):
        _check_external(fields(_message(entry), 16))
    dtype = _DTYPES.get(_integer(read.get(2, [1])[-1]), torch.float32)
    size = 1
    for each in shape:
        size *= each
    return Array(shape, dtype, _values(read, shape, dtype) if size <= SMALL else None)


def _values(read: dict[int, list[Value]], shape: tuple[int, ...], dtype: torch.dtype) -> Tensor | None:
    """The numbers of a small array; None if they are not in the file."""
    if 9 in read:
        content = bytes(_message(read[9][-1]))
        values = torch.frombuffer(bytearray(content), dtype=dtype) if content else torch.empty(0, dtype=dtype)
    elif 7 in read:
        values = torch.tensor(_integers(read[7], SMALL), dtype=torch.int64)
    elif 5 in read and dtype not in (torch.float16, torch.bfloat16):
        values = torch.tensor(_integers(read[5], SMALL)).to(dtype)
    elif 4 in read:
        values = torch.tensor(_floats(read[4]))
    else:
        return torch.empty(shape, dtype=dtype) if 0 in shape else None
    if values.numel() != torch.Size(shape).numel():
        return None
    return values.reshape(shape)


def _check_external(entry: dict[int, list[Value]]) -> None:
    """Raises ArchflowError if the numbers of an array are said to be outside the folder of the model."""
    if _text(entry.get(1, [b""])[-1]) != "location":
        return
    location = _text(entry.get(2, [b""])[-1])
    for path in (PurePosixPath(location), PureWindowsPath(location)):
        if path.is_absolute() or path.drive or ".." in path.parts:
            raise ArchflowError(f"it says that weights are in {shown(location)}, outside its folder")


def _value_info(message: Message) -> tuple[str, tuple[tuple[int | str, ...] | None, torch.dtype]]:
    """The name of a value, its shape (numbers, or names of sizes that are not fixed), None if not said, and type."""
    read = fields(message, 100)
    name = _text(read.get(1, [b""])[-1])
    kind = fields(_message(read.get(2, [b""])[-1]), 100)
    array = fields(_message(kind.get(1, [b""])[-1]), 100)
    dtype = _DTYPES.get(_integer(array.get(1, [1])[-1]), torch.float32)
    if 2 not in array:
        return name, (None, dtype)
    sizes: list[int | str] = []
    for each in fields(_message(array[2][-1]), _MOST_AXES).get(1, ()):
        size = fields(_message(each), 8)
        sizes.append(_integer(size[1][-1]) if 1 in size else _text(size.get(2, [b""])[-1]))
    return name, (tuple(sizes), dtype)


def _message(value: Value) -> Message:
    if isinstance(value, int | float):
        raise ArchflowError("a number stands where a message is expected")
    return value


def _text(value: Value) -> str:
    return bytes(_message(value)).decode("utf-8", "replace")


def _integer(value: Value) -> int:
    """A signed integer of 64 bits."""
    if not isinstance(value, int):
        raise ArchflowError("a message stands where an integer is expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _number(value: Value) -> float:
    if not isinstance(value, int | float):
        raise ArchflowError("a message stands where a number is expected")
    return float(value)


def _integers(values: Iterable[Value], most: int = 100_000) -> list[int]:
    """Integers of a repeated field, packed or one by one."""
    found: list[int] = []
    for each in values:
        found.extend([_integer(each)] if isinstance(each, int) else map(_integer, varints(_message(each), most)))
        if len(found) > most:
            raise ArchflowError(f"it has more than {most:,} integers where a few are expected")
    return found


def _floats(values: Iterable[Value]) -> list[float]:
    """Numbers of a repeated field, packed or one by one."""
    found: list[float] = []
    for each in values:
        if isinstance(each, float):
            found.append(each)
        else:
            content = bytes(_message(each))[: 4 * SMALL]
            found.extend(struct.unpack(f"<{len(content) // 4}f", content[: len(content) // 4 * 4]))
    return found
