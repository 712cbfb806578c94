"""Tables of Paddle's graphs, as GraphNet traced them: a row for each, with the shapes of all operands and results."""

from __future__ import annotations

import ast
import re
from typing import Any

from archflow.importers.base import IMPORTERS
from archflow.importers.foreign_tables import Row, TableImporter, predecessors
from archflow.importers.model import ImportedModel, imported
from archflow.importers.normal import IDENTITY
from archflow.importers.steps import BUNDLE, Shape, Steps
from archflow.importers.torch_names import known_as

_OTHER_NAMES = {
    **{"depthwise_conv2d": "conv2d", "conv2d_transpose": "conv_transpose2d", "hardswish": "hard_swish"},
    **{"depthwise_conv2d_transpose": "conv_transpose2d", "deformable_conv": "deform_conv2d", "combine": BUNDLE},
    **{
        "scale": "mul",
        "assign": IDENTITY,
        "assign_value": "constant",
        "full_int_array": "constant",
        "set_value": "slice",
    },
    **{"set_value_with_tensor": "index_put", "elementwise_pow": "pow", "split_with_num": "split", "full": "constant"},
    **{"nearest_interp": "upsample", "bilinear_interp": "upsample", "bicubic_interp": "upsample", "add_n": "add"},
    **{"linear_interp": "upsample", "pad3d": "pad", "gather_nd": "gather", "index_sample": "gather", "p_norm": "norm"},
    **{"mean_all": "mean", "sync_batch_norm": "batch_norm", "full_with_tensor": "fill", "shape64": "constant"},
    **{"yolo_box": "yolo_output", "greater_than": "gt", "less_than": "lt", "expand_as": "expand", "reduce_as": "sum"},
}
_SIZE = re.compile(r"^(-?\d+x)*([a-z]+\d*)?$")
_BYTES = {"i64": 8, "f64": 8, "i32": 4, "ui8": 1, "i8": 1, "i16": 2, "f16": 2, "bf16": 2, "b": 1}


@IMPORTERS.register("paddle_table")
class PaddleTableImporter(TableImporter):
    """Reads Paddle's graphs from the columns `sample`, `ops`, `attrs`, `n_weights`, `in_shapes` and `out_shapes`.

    A batch that is left open is 1.
    """

    form = "a table of Paddle's graphs (.parquet with sample, ops, attrs, n_weights, in_shapes, out_shapes)"
    columns = frozenset(("sample", "ops", "edge_src", "edge_dst", "attrs", "n_weights", "in_shapes", "out_shapes"))

    def model(self, row: Row) -> ImportedModel:
        steps, made = Steps(), list[int]()
        for number, before in enumerate(predecessors(row)):
            made.append(_put(steps, row, number, [made[each] for each in before]))
        ends = [made[number] for number, op in enumerate(row["ops"]) if op == "output"]
        return imported(row["sample"], steps, steps.unbundled(ends) or steps.ends() or [steps.constant(None)])


def _put(steps: Steps, row: Row, number: int, before: list[int]) -> int:
    """Write down one node; the number of its result."""
    op, results = row["ops"][number], shapes_in(row["out_shapes"][number])
    shape, itemsize = (results[0] if results else None) or (None, 4)
    if op == "input":
        return steps.input(_input_shape(row, number), itemsize)
    if op == "output":
        return steps.apply(BUNDLE, before, None)
    operands, count = shapes_in(row["in_shapes"][number]), row["n_weights"][number]
    learned = [size for each in operands[len(operands) - count :] if count and each and (size := each[0]) is not None]
    plain = op.partition(".")[2].rstrip("_") or op
    name = _OTHER_NAMES.get(plain) or known_as(plain)
    arguments = _arguments(row["attrs"][number])
    if name == "batch_norm":
        learned = learned[-2:]  # behind the running mean and variance
    if plain == "pool2d":
        name, numbers = _pool(arguments, shape, operands)
    elif plain.startswith(("conv2d", "depthwise_conv2d")):
        numbers = _convolution(arguments)
    else:
        numbers = {}
    weights = [steps.weight(f"{number}.{place}", size) for place, size in enumerate(learned)]
    if name == "matmul" and len(before) + len(weights) < 2:
        weights += [steps.constant(None)] * (2 - len(before) - len(weights))
    return steps.apply(name, [*before, *weights], shape, itemsize, numbers)


def _input_shape(row: Row, number: int) -> Shape | None:
    """The shape of an input, as the first node that takes it says; it has none of its own."""
    for source, target in zip(row["edge_src"], row["edge_dst"], strict=True):
        if source == number:
            operands = shapes_in(row["in_shapes"][target])
            return operands[0][0] if operands and operands[0] else None
    return None


def shapes_in(text: str) -> list[tuple[Shape | None, int] | None]:
    """Shapes and bytes of a number in a text like `(-1x3x224x224x,1xi64)`; None for anything but an array.

    A size that is left open is 1.
    """
    found: list[tuple[Shape | None, int] | None] = []
    for part in text.strip("()").split(","):
        if not part or not _SIZE.match(part):
            found.append(None)
            continue
        *sizes, kind = part.split("x")
        numbers = [int(size) for size in sizes if size]  # of one number the shape is `x`
        found.append((tuple(1 if size == -1 else size for size in numbers), _BYTES.get(kind, 4)))
    return found if text.strip("()") else []


def _arguments(text: str) -> list[Any]:
    """The values between the commas; [] if they are no literals."""
    try:
        parsed = ast.parse(f"[{text}]", mode="eval").body
        assert isinstance(parsed, ast.List)
        return [_literal(each) for each in parsed.elts]
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
        return []


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _convolution(arguments: list[Any]) -> dict[str, float]:
    """[strides], [paddings], ..., groups, [dilations], ... in the one order or the other."""
    lists = [each for each in arguments if isinstance(each, list) and len(each) == 2]
    groups = next((each for each in arguments if isinstance(each, int) and not isinstance(each, bool)), 1)
    return {
        "stride": float(lists[0][-1]) if lists else 1.0,
        "dilation": float(lists[-1][-1]) if len(lists) > 2 else 1.0,
        "groups": float(groups),
    }


def _pool(arguments: list[Any], shape: Shape | None, operands: list[Any]) -> tuple[str, dict[str, float]]:
    """[strides], [paddings], ceil, exclusive, layout, kind, global, adaptive, ...; the kernel is no argument."""
    kind = "max" if "max" in arguments else "avg"
    flags = [each for each in arguments if isinstance(each, bool)]
    if any(flags[2:4]):
        is_one = shape is not None and set(shape[2:]) == {1}
        return ("global_avg_pool" if is_one and kind == "avg" else f"adaptive_{kind}_pool2d"), {}
    strides = arguments[0] if arguments and isinstance(arguments[0], list) else []
    return f"{kind}_pool2d", {"stride": float(strides[-1]), "dilation": 1.0} if strides else {}
