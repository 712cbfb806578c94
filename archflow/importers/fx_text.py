"""Graphs that torch.fx or Dynamo wrote as Python, as in GraphNet: parsed with `ast`, and never executed.

    class GraphModule(torch.nn.Module):
        def forward(self, x: "f32[1, 3, 8, 8]", weight: "f32[4, 3, 3, 3]"):
            y = torch.conv2d(x, weight, None, (2, 2));  x = weight = None
            z = y.relu()
            return (z,)

Shapes stand in the annotations, or in a file `weight_meta.py` or `input_meta.py` beside it. A name with `weight`,
`bias` or `parameters` in it, or the annotation `torch.nn.parameter.Parameter`, is a learned array.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from archflow.errors import ArchflowError
from archflow.files import reason, regular_file
from archflow.importers.base import IMPORTERS, Importer, Source
from archflow.importers.fx_calls import Traced, applied, item_of
from archflow.importers.literals import UnreadableError, call_arguments, value_of
from archflow.importers.model import ImportedModel, imported
from archflow.importers.steps import Shape, Steps, check_shape

_LARGEST = 1 << 26
"""Bytes of a file; the text of the largest graph of GraphNet has some three million."""

_ANNOTATED = re.compile(r"\w+\[((?:\d{1,18}(?:, ?\d{1,18})*)?)\]")
_KINDS = {"f16": torch.float16, "bf16": torch.bfloat16, "f64": torch.float64, "i64": torch.int64, "b8": torch.bool}
_LEARNED = re.compile(r"parameters|weight|bias")
_BUFFER = re.compile(r"buffers|running_|num_batches")


@IMPORTERS.register("fx_text")
class FxTextImporter(Importer):
    """Imports Python files whose `forward` is a traced graph."""

    form = "*.py with the forward of a traced graph"

    def accepts(self, source: Source) -> bool:
        return source.text.endswith(".py")

    def models(self, source: Source) -> Iterator[ImportedModel]:
        yield from_fx_text(source.text)


def from_fx_text(path: str | Path) -> ImportedModel:
    """The graph in a file of Python, which is not executed.

    Raises:
        ArchflowError: If the file does not hold a traced graph; the message names the file and the line.
    """
    path = Path(path)
    try:
        forward = _forward(_parsed(path))
        return imported(path.parent.name if path.stem == "model" else path.stem, *_read(forward, _said_beside(path)))
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


def _parsed(path: Path) -> ast.Module:
    try:
        if regular_file(path).stat().st_size > _LARGEST:
            raise ArchflowError("is larger than the text of any graph")
        return ast.parse(path.read_text("utf-8"))
    except OSError as error:
        raise ArchflowError(f"cannot be read ({reason(error)})") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArchflowError(f"is no Python ({str(error).splitlines()[0]})") from None


def _forward(module: ast.Module) -> ast.FunctionDef:
    found = [each for each in ast.walk(module) if isinstance(each, ast.FunctionDef) and each.name == "forward"]
    if len(found) != 1:
        raise ArchflowError(f"has {len(found)} functions called forward, not one; give the text of one traced graph")
    return found[0]


def _said_beside(path: Path) -> dict[str, Shape]:
    """The shapes by name that `weight_meta.py` and `input_meta.py` of GraphNet state.

    These files hold classes with `name` and `shape`.
    """
    found: dict[str, Shape] = {}
    for name in ("weight_meta.py", "input_meta.py"):
        beside = path.with_name(name)
        for each in ast.walk(_parsed(beside)) if beside.is_file() else ():
            if isinstance(each, ast.ClassDef):
                said = {
                    target.id: _literal(line.value)
                    for line in each.body
                    if isinstance(line, ast.Assign)
                    for target in line.targets
                    if isinstance(target, ast.Name)
                }
                shape = said.get("shape")
                if isinstance(shape, list) and all(isinstance(size, int) for size in shape):
                    found[str(said.get("name"))] = tuple(shape)
    return found


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _read(forward: ast.FunctionDef, shapes: dict[str, Shape]) -> tuple[Steps, list[int]]:
    """The steps that a function's statements compute, and those that it returns."""
    steps, names = Steps(), dict[str, Any]()
    for argument in forward.args.args:
        if argument.arg != "self":
            names[argument.arg] = _argument(steps, argument, shapes)
    for line in forward.body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = _value(steps, value, names)
            case ast.Return(value=ast.expr() as value):
                return steps, _returned(steps, value, names)
            case ast.Assign() | ast.Expr() | ast.Delete() | ast.Pass():
                pass  # `x = y = None` frees, a text explains
            case _:
                raise ArchflowError(f"line {line.lineno}: is no statement of a traced graph")
    raise ArchflowError("its forward returns nothing")


def _argument(steps: Steps, argument: ast.arg, shapes: dict[str, Shape]) -> Traced:
    """An input or learned array."""
    said = ast.unparse(argument.annotation).strip("'\"") if argument.annotation is not None else ""
    found = _ANNOTATED.search(said)
    shape = tuple(int(size) for size in found[1].split(",") if size.strip()) if found else shapes.get(argument.arg)
    dtype = _KINDS.get(said.partition("[")[0].rpartition("'")[2], torch.float32)
    name = argument.arg
    learned = "Parameter" in said or (_LEARNED.search(name) is not None and _BUFFER.search(name) is None)
    if shape is None:
        return Traced(steps.constant(None) if learned or _BUFFER.search(name) else steps.input(None), None)
    check_shape(shape)
    tensor = torch.empty(shape, dtype=dtype, device="meta")
    if learned:
        return Traced(steps.weight(name, shape, tensor.element_size()), tensor)
    put = steps.constant if _BUFFER.search(name) else steps.input
    return Traced(put(shape, tensor.element_size()), tensor)


def _value(steps: Steps, node: ast.expr, names: dict[str, Any]) -> Any:
    """The value of an expression; calls in it are recorded."""
    match node:
        case ast.Call(func=func):
            name, owner = _called(func, names)
            arguments, keywords = _arguments(node, names)
            return applied(steps, name, [*owner, *arguments], keywords)
        case ast.BinOp(left=left, op=op, right=right):
            return _operator(steps, _BINARY.get(type(op), type(op).__name__), [left, right], names)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _operator(steps, _COMPARED.get(type(op), type(op).__name__), [left, right], names)
        case ast.UnaryOp(op=ast.USub() | ast.Invert() as op, operand=operand) if not isinstance(operand, ast.Constant):
            return _operator(steps, "neg" if isinstance(op, ast.USub) else "invert", [operand], names)
        case ast.Subscript(value=value, slice=place):
            whole, index = _value(steps, value, names), _known(place, names)
            if isinstance(whole, list | tuple):
                return item_of(steps, whole, index)
            return applied(steps, "operator.getitem", [whole, index], {})
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in names:
            return applied(steps, f"attr.{name}", [names[owner]], {})
    return _known(node, names)


_BINARY = {
    **{ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv"},
    **{ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "bitand", ast.BitOr: "bitor"},
}
_COMPARED = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}


def _operator(steps: Steps, name: str, operands: list[ast.expr], names: dict[str, Any]) -> Any:
    return applied(steps, f"operator.{name}", [_value(steps, each, names) for each in operands], {})


def _called(func: ast.expr, names: dict[str, Any]) -> tuple[str, list[Any]]:
    """The name of the function that is called, and the tensor if it is a method."""
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in names:
        return f"method.{func.attr}", [names[func.value.id]]
    return ast.unparse(func), []


def _arguments(call: ast.Call, names: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    try:
        return call_arguments(call, names)
    except UnreadableError:
        read = [names[each.id] for each in ast.walk(call) if isinstance(each, ast.Name) and each.id in names]
        return read, {}


def _known(node: ast.expr, names: dict[str, Any]) -> Any:
    try:
        return value_of(node, names)
    except UnreadableError:
        return None


def _returned(steps: Steps, value: ast.expr, names: dict[str, Any]) -> list[int]:
    """The steps that a function returns."""
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    found = (_value(steps, each, names) for each in parts)
    return list(dict.fromkeys(each.step for each in found if isinstance(each, Traced)))
