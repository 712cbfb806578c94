"""The operators of ONNX: what the vocabulary calls each, and the shape of its result.

Shapes are found with tensors on torch's meta device, which have no numbers. Small arrays that are known (a shape, an
axis) are kept with their numbers, so that a shape that is computed in the graph is known too.

Source: https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from archflow.importers.normal import IDENTITY
from archflow.importers.onnx_schema import SMALL, OnnxNode
from archflow.importers.torch_arguments import clamp_name, kernel_numbers

Results = Tensor | Sequence[Tensor]


class UnknownShapeError(Exception):
    """The shape of a result depends on what is not known."""


@dataclass(frozen=True)
class Call:
    """A call of an operator.

    Attributes:
        tensors: Its operands, without numbers; None for one that is left out or not known.
        known: Those whose numbers are known.
        attributes: Its attributes.
        outputs: The names of its results.
    """

    tensors: Sequence[Tensor | None]
    known: Sequence[Tensor | None]
    attributes: Mapping[str, Any]
    outputs: Sequence[str] = ()

    def __getitem__(self, place: int) -> Tensor:
        """An operand. Raises UnknownShapeError if it is not there or not known."""
        found = self.tensors[place] if place < len(self.tensors) else None
        if found is None:
            raise UnknownShapeError
        return found

    def has(self, place: int) -> bool:
        return place < len(self.tensors) and self.tensors[place] is not None

    def numbers(self, place: int, name: str = "") -> list[Any] | None:
        """The numbers of an operand, or of the attribute that older versions have in its place; None if neither is
        there. Raises UnknownShapeError if they are not known."""
        if name and name in self.attributes:
            value = self.attributes[name]
            return list(value) if isinstance(value, list) else [value]
        if not self.has(place):
            return None
        known = self.known[place]
        if known is None:
            raise UnknownShapeError
        return known.flatten().tolist()

    def get(self, name: str, default: Any) -> Any:
        return self.attributes.get(name, default)


@dataclass(frozen=True)
class Found:
    """What an operator is: its name in the vocabulary, its results, its numbers.

    operands: Places of the operands that it computes with; all that it has if None.
    """

    op: str
    results: Results
    numbers: Mapping[str, float] = field(default_factory=dict)
    operands: Sequence[int] | None = None


Operator = Callable[[Call], Found]
OPERATORS: dict[str, Operator] = {}
"""By ONNX's name."""

_NAMES: dict[str, str] = {}
"""What the vocabulary calls operators, by ONNX's name."""


def _operator(op: str, *names: str) -> Callable[[Operator], Operator]:
    """Decorator of what reads operators of these names; op: what the vocabulary calls them, if no shape is known."""

    def add(function: Operator) -> Operator:
        OPERATORS.update(dict.fromkeys(names, function))
        _NAMES.update(dict.fromkeys(names, op))
        return function

    return add


def _blank(like: Tensor, shape: Sequence[int]) -> Tensor:
    return torch.empty(tuple(shape), dtype=like.dtype, device="meta")


def _same(call: Call) -> Tensor:
    return call[0].to("meta")


_UNARY = {
    **dict.fromkeys(("Identity", "Dropout"), IDENTITY),
    **{name: name.lower() for name in ("Relu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Sigmoid", "Tanh", "Softplus")},
    **{name: name.lower() for name in ("Softsign", "Softmax", "Exp", "Log", "Erf", "Sin", "Cos", "Sign", "Round")},
    **{"LeakyRelu": "leaky_relu", "PRelu": "prelu", "HardSigmoid": "hard_sigmoid", "HardSwish": "hard_swish"},
    **{"LogSoftmax": "log_softmax", "Reciprocal": "reciprocal", "IsNaN": "isnan", "Swish": "silu"},
    **{"CumSum": "cumsum", "Trilu": "tril", "LpNormalization": "norm", "LRN": "local_response_norm"},
    **{"LayerNormalization": "layer_norm", "InstanceNormalization": "instance_norm", "ReverseSequence": "flip"},
    **{"GroupNormalization": "group_norm", "RMSNormalization": "rms_norm", "SimplifiedLayerNormalization": "rms_norm"},
    **{"ScatterElements": "scatter", "ScatterND": "scatter", "RotaryEmbedding": "rotary_embedding"},
}
"""Operators whose result has the shape of the first operand."""

_COMPUTED_UNARY = {
    "Neg": ("neg", torch.neg),
    "Abs": ("abs", torch.abs),
    "Sqrt": ("sqrt", torch.sqrt),
    "Floor": ("floor", torch.floor),
    "Ceil": ("ceil", torch.ceil),
    "Not": ("logical_not", torch.logical_not),
}
_BINARY = {
    "Add": ("add", torch.add),
    "Sub": ("sub", torch.sub),
    "Mul": ("mul", torch.mul),
    "Div": ("div", lambda a, b: torch.div(a, b, rounding_mode=None if a.is_floating_point() else "trunc")),
    "Pow": ("pow", torch.pow),
    "Mod": ("remainder", torch.remainder),
    "Equal": ("eq", torch.eq),
    "Less": ("lt", torch.lt),
    "LessOrEqual": ("le", torch.le),
    "Greater": ("gt", torch.gt),
    "GreaterOrEqual": ("ge", torch.ge),
    "And": ("logical_and", torch.logical_and),
    "Or": ("logical_or", torch.logical_or),
    "Xor": ("logical_xor", torch.logical_xor),
}
_VARIADIC = {"Max": ("maximum", torch.maximum), "Min": ("minimum", torch.minimum), "Sum": ("add", torch.add)}
_REDUCTIONS = {
    **{f"Reduce{name}": name.lower() for name in ("Sum", "Mean", "Max", "Min", "Prod")},
    **{"ReduceL1": "norm", "ReduceL2": "norm", "ReduceLogSumExp": "logsumexp", "ReduceSumSquare": "sum"},
}


_WITHOUT_SHAPE = {
    **{"NonMaxSuppression": "non_max_suppression", "NonZero": "nonzero", "OneHot": "one_hot", "RoiAlign": "roi_align"},
    **{
        "GridSample": "grid_sample",
        "DeformConv": "deform_conv2d",
        "DequantizeLinear": "cast",
        "QuantizeLinear": "cast",
    },
}
"""Operators of the vocabulary whose shapes are taken from the file, if it says them."""

_FAR = 1 << 50
"""Beyond any axis: where slices end that go to the end."""

DOMAINS = ("", "ai.onnx", "com.microsoft")
"""Of the operators that are known."""


def _register_simple() -> None:
    for name, op in _UNARY.items():
        _operator(op, name)(lambda call, op=op: Found(op, [_same(call)] * max(1, len(call.outputs))))
    for name, (op, function) in _COMPUTED_UNARY.items():
        _operator(op, name)(lambda call, op=op, function=function: Found(op, function(call[0])))
    for name, (op, function) in _BINARY.items():
        _operator(op, name)(lambda call, op=op, function=function: Found(op, function(call[0], call[1])))
    for name, (op, function) in _VARIADIC.items():
        _operator(op, name)(lambda call, op=op, function=function: Found(op, _all(function, call)))
    for name, op in _REDUCTIONS.items():
        _operator(op, name)(lambda call, op=op: Found(op, _reduced(call, op), operands=[0]))
    for name, op in (("LSTM", "lstm"), ("GRU", "gru"), ("RNN", "rnn")):
        _operator(op, name)(lambda call, op=op: _recurrent(call, op))
    for name, op in _WITHOUT_SHAPE.items():
        _NAMES[name] = op


def name_of(node: OnnxNode) -> str:
    """What to call an operator whose result has no known shape: as the vocabulary does, or by its own name."""
    known = _NAMES.get(node.op) if node.domain in DOMAINS else None
    return known or f"{node.domain}.{node.op}".lstrip(".")


def _all(function: Callable[[Tensor, Tensor], Tensor], call: Call) -> Tensor:
    result = call[0]
    for place in range(1, len(call.tensors)):
        result = function(result, call[place])
    return result


def _reduced(call: Call, op: str) -> Tensor:
    x, axes = call[0], call.numbers(1, "axes")
    if not axes:
        if call.get("noop_with_empty_axes", 0):
            return x
        axes = list(range(x.dim()))
    keep = bool(call.get("keepdims", 1))
    if op == "prod" and not x.is_meta and len(axes) == 1:
        return torch.prod(x, axes[0], keepdim=keep)
    return torch.sum(x.to("meta"), axes, keepdim=keep).to(x.dtype)


@_operator("cast", "Cast", "CastLike")
def _cast(call: Call) -> Found:
    dtypes = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64}
    dtype = call[1].dtype if call.has(1) else dtypes.get(call.get("to", 1), torch.float32)
    known = call.known[0]
    result = (call[0] if known is None else known).to(dtype)
    return Found(IDENTITY if dtype == call[0].dtype else "cast", result, operands=[0])


@_operator("where", "Where")
def _where(call: Call) -> Found:
    return Found("where", torch.where(call[0], call[1], call[2]))


@_operator("clamp", "Clip")
def _clip(call: Call) -> Found:
    ends = []
    for place, name in ((1, "min"), (2, "max")):
        try:
            ends.append((call.numbers(place, name) or [None])[0])
        except UnknownShapeError:
            ends.append("unknown")
    return Found(clamp_name(*ends), _same(call), operands=[0])


def _windows(call: Call, kernel: Sequence[int], spatial: Sequence[int]) -> list[int]:
    """Sizes of an image after windows have gone over it."""
    axes = len(spatial)
    strides, dilations = (call.get(name, [1] * axes) for name in ("strides", "dilations"))
    pads, auto = call.get("pads", [0] * 2 * axes), call.get("auto_pad", "NOTSET")
    found = []
    for axis, size in enumerate(spatial):
        reach = dilations[axis] * (kernel[axis] - 1) + 1
        if auto.startswith("SAME"):
            found.append(-(-size // strides[axis]))
            continue
        room = size - reach + (0 if auto == "VALID" else pads[axis] + pads[axis + axes])
        rounded = math.ceil(room / strides[axis]) if call.get("ceil_mode", 0) else room // strides[axis]
        if rounded * strides[axis] >= size + pads[axis] and call.get("ceil_mode", 0):
            rounded -= 1  # a window that begins in the padding behind is left out
        found.append(max(0, rounded + 1))
    return found


def _steps(call: Call, axes: int) -> dict[str, float]:
    strides, dilations = (call.get(name, [1] * axes) for name in ("strides", "dilations"))
    return {"stride": float(strides[-1]), "dilation": float(dilations[-1])}


@_operator("conv2d", "Conv")
def _conv(call: Call) -> Found:
    x, weight = call[0], call[1]
    axes = x.dim() - 2
    sizes = _windows(call, weight.shape[2:], x.shape[2:])
    numbers = {**_steps(call, axes), "groups": float(call.get("group", 1))}
    return Found(f"conv{axes}d", _blank(x, (x.shape[0], weight.shape[0], *sizes)), numbers)


@_operator("conv_transpose2d", "ConvTranspose")
def _conv_transpose(call: Call) -> Found:
    x, weight = call[0], call[1]
    axes, groups = x.dim() - 2, call.get("group", 1)
    strides, dilations = (call.get(name, [1] * axes) for name in ("strides", "dilations"))
    more, pads = call.get("output_padding", [0] * axes), call.get("pads", [0] * 2 * axes)
    sizes = call.get("output_shape", None) or [
        strides[i] * (x.shape[2 + i] - 1) + more[i] + dilations[i] * (weight.shape[2 + i] - 1) + 1
        - pads[i] - pads[i + axes]
        for i in range(axes)
    ]  # fmt: skip
    numbers = {**_steps(call, axes), "groups": float(groups)}
    shape = (x.shape[0], weight.shape[1] * groups, *sizes[-axes:])
    return Found(f"conv_transpose{axes}d", _blank(x, shape), numbers)


def _pool(call: Call, kind: str) -> Found:
    x, kernel = call[0], call.get("kernel_shape", [1])
    axes = x.dim() - 2
    op = f"{kind}_pool{axes}d"
    result = _blank(x, (*x.shape[:2], *_windows(call, kernel, x.shape[2:])))
    return Found(op, [result] * max(1, len(call.outputs)), {**_steps(call, axes), **kernel_numbers(kernel, op)})


@_operator("max_pool2d", "MaxPool")
def _max_pool(call: Call) -> Found:
    return _pool(call, "max")


@_operator("avg_pool2d", "AveragePool")
def _average_pool(call: Call) -> Found:
    return _pool(call, "avg")


@_operator("global_avg_pool", "GlobalAveragePool")
def _global_average_pool(call: Call) -> Found:
    return Found("global_avg_pool", _one_position(call))


@_operator("max", "GlobalMaxPool")
def _global_max_pool(call: Call) -> Found:
    return Found("max", _one_position(call))


def _one_position(call: Call) -> Tensor:
    x = call[0]
    return _blank(x, (*x.shape[:2], *(1 for _ in x.shape[2:])))


@_operator("batch_norm", "BatchNormalization")
def _batch_norm(call: Call) -> Found:
    return Found("batch_norm", [_same(call)] * max(1, len(call.outputs)), operands=[0, 1, 2])


@_operator("matmul", "MatMul")
def _matmul(call: Call) -> Found:
    return Found("matmul", torch.matmul(call[0].to("meta"), call[1].to("meta")))


@_operator("einsum", "Einsum")
def _einsum(call: Call) -> Found:
    operands = [call[place].to("meta") for place in range(len(call.tensors))]
    return Found("einsum", torch.einsum(call.get("equation", ""), *operands))


@_operator("attention", "Attention")
def _attention(call: Call) -> Found:
    query, value = call[0], call[2]
    return Found("attention", _blank(query, (*query.shape[:-1], value.shape[-1])), operands=[0, 1, 2])


@_operator("reshape", "Reshape")
def _reshape(call: Call) -> Found:
    x, shape = call[0], call.numbers(1, "shape") or []
    if not call.get("allowzero", 0):
        shape = [x.shape[axis] if size == 0 and axis < x.dim() else size for axis, size in enumerate(shape)]
    return Found("reshape", x.reshape(shape), operands=[0])


@_operator("reshape", "Flatten")
def _flatten(call: Call) -> Found:
    x, axis = call[0], call.get("axis", 1)
    return Found("reshape", x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]) if axis else x.numel()))


@_operator("reshape", "Squeeze")
def _squeeze(call: Call) -> Found:
    axes = call.numbers(1, "axes")
    x = call[0]
    return Found("reshape", x.squeeze() if axes is None else x.squeeze(tuple(axes)), operands=[0])


@_operator("reshape", "Unsqueeze")
def _unsqueeze(call: Call) -> Found:
    x, axes = call[0], call.numbers(1, "axes") or []
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return Found("reshape", x, operands=[0])


@_operator("transpose", "Transpose")
def _transpose(call: Call) -> Found:
    x = call[0]
    return Found("transpose", x.permute(call.get("perm", list(range(x.dim()))[::-1])))


@_operator("concat", "Concat")
def _concat(call: Call) -> Found:
    return Found("concat", torch.cat([call[i] for i in range(len(call.tensors))], call.get("axis", 0)))


@_operator("split", "Split")
def _split(call: Call) -> Found:
    x, axis, count = call[0], call.get("axis", 0), max(1, len(call.outputs))
    sizes = call.numbers(1, "split")
    each = -(-x.shape[axis] // count)
    sizes = sizes or [min(each, x.shape[axis] - part * each) for part in range(count)]
    return Found("split", torch.split(x, sizes, axis), operands=[0])


@_operator("slice", "Slice")
def _slice(call: Call) -> Found:
    x = call[0]
    starts, ends = call.numbers(1, "starts") or [], call.numbers(2, "ends") or []
    axes, steps = call.numbers(3, "axes") or list(range(len(starts))), call.numbers(4) or [1] * len(starts)
    if min(steps, default=1) < 1:  # which torch lacks
        shape = list(x.shape)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            shape[axis] = len(range(*slice(start, end, step).indices(shape[axis])))
        return Found("slice", _blank(x, shape), operands=[0])
    cut = [slice(None)] * x.dim()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(max(start, -_FAR), min(end, _FAR), step)
    return Found("slice", x[tuple(cut)], operands=[0])


@_operator("gather", "Gather")
def _gather(call: Call) -> Found:
    x, indices, axis = call[0], call[1], call.get("axis", 0) % max(1, call[0].dim())
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    if x.is_meta:
        # One place of an axis is a slice. Rows of a learned table are an embedding, which the reader knows.
        one = indices.dim() == 0 and call.known[1] is not None
        return Found("slice", _blank(x, shape), operands=[0]) if one else Found("gather", _blank(x, shape))
    places = indices.flatten().to(torch.int64) % max(1, x.shape[axis])
    return Found("gather", torch.index_select(x, axis, places).reshape(shape))


@_operator("gather", "GatherElements", "GatherND")
def _gather_elements(call: Call) -> Found:
    x, indices = call[0], call[1]
    behind = x.shape[indices.shape[-1] :] if indices.dim() and call.get("axis", None) is None else ()
    return Found("gather", _blank(x, (*indices.shape[:-1], *behind) if behind else indices.shape))


@_operator("expand", "Expand")
def _expand(call: Call) -> Found:
    x, shape = call[0], call.numbers(1) or []
    return Found("expand", x.expand(torch.broadcast_shapes(x.shape, tuple(shape))), operands=[0])


@_operator("repeat", "Tile")
def _tile(call: Call) -> Found:
    return Found("repeat", call[0].repeat(call.numbers(1, "repeats") or []), operands=[0])


@_operator("pad", "Pad")
def _pad(call: Call) -> Found:
    x, pads = call[0], call.numbers(1, "pads") or []
    axes = call.numbers(3) or list(range(len(pads) // 2))
    shape = list(x.shape)
    for place, axis in enumerate(axes):
        shape[axis] += pads[place] + pads[place + len(axes)]
    return Found("pad", _blank(x, shape), operands=[0])


@_operator("upsample", "Resize", "Upsample")
def _resize(call: Call) -> Found:
    x, last = call[0], len(call.tensors) - 1
    sizes = call.numbers(3) if call.has(3) else None
    if sizes is None:
        scales = call.numbers(min(2, last), "scales") or []
        sizes = [math.floor(size * scale) for size, scale in zip(x.shape, scales, strict=True)]
    axes = call.get("axes", list(range(x.dim())))
    shape = list(x.shape)
    for axis, size in zip(axes, sizes, strict=True):
        shape[axis] = int(size)
    return Found("upsample", _blank(x, shape), operands=[0])


@_operator("pixel_shuffle", "DepthToSpace")
def _pixel_shuffle(call: Call) -> Found:
    (batch, channels, height, width), block = call[0].shape, call.get("blocksize", 1)
    return Found("pixel_shuffle", _blank(call[0], (batch, channels // block**2, height * block, width * block)))


@_operator("pixel_unshuffle", "SpaceToDepth")
def _pixel_unshuffle(call: Call) -> Found:
    (batch, channels, height, width), block = call[0].shape, call.get("blocksize", 1)
    return Found("pixel_unshuffle", _blank(call[0], (batch, channels * block**2, height // block, width // block)))


def _recurrent(call: Call, op: str) -> Found:
    """Operands: sequence (T, B, in), weights of the input (D, G, in) and of the state (D, G, H), biases (D, ...)."""
    x, weight, recurrent = call[0], call[1], call[2]
    length, batch, width = x.shape
    directions, hidden = weight.shape[0], call.get("hidden_size", recurrent.shape[-1])
    results = [_blank(x, (length, directions, batch, hidden)), *[_blank(x, (directions, batch, hidden))] * 2]
    numbers = {
        "channels_in": float(width),
        "channels_out": float(directions * hidden),
        "macs": float(length * batch * (weight.numel() + recurrent.numel())),
    }
    return Found(op, results[: max(1, len(call.outputs))], numbers)


@_operator("constant", "Shape")
def _shape_of(call: Call) -> Found:
    shape = list(call[0].shape)[call.get("start", 0) : call.get("end", None)]
    return Found("constant", torch.tensor(shape, dtype=torch.int64), operands=[])


@_operator("constant", "Size")
def _size(call: Call) -> Found:
    return Found("constant", torch.tensor(call[0].numel()), operands=[])


@_operator("fill", "ConstantOfShape")
def _constant_of_shape(call: Call) -> Found:
    shape = call.numbers(0) or []
    given = call.get("value", None)
    value = given.values if given is not None and given.values is not None else torch.zeros(1)
    return Found("fill", value.flatten()[:1].reshape(()).expand(shape), operands=[])


@_operator("range", "Range")
def _range(call: Call) -> Found:
    ends = [(call.numbers(place) or [0])[0] for place in range(3)]
    count = max(0, math.ceil((ends[1] - ends[0]) / ends[2])) if ends[2] else 0
    if count > SMALL:
        return Found("range", _blank(call[0], (count,)), operands=[])
    return Found("range", torch.arange(count).to(call[0].dtype) * ends[2] + ends[0], operands=[])


@_operator("argmax", "ArgMax")
def _arg_max(call: Call) -> Found:
    return Found("argmax", torch.argmax(call[0], call.get("axis", 0), keepdim=bool(call.get("keepdims", 1))))


@_operator("argmin", "ArgMin")
def _arg_min(call: Call) -> Found:
    return Found("argmin", torch.argmin(call[0], call.get("axis", 0), keepdim=bool(call.get("keepdims", 1))))


@_operator("topk", "TopK")
def _top(call: Call) -> Found:
    shape, axis = list(call[0].shape), call.get("axis", -1)
    shape[axis] = (call.numbers(1, "k") or [1])[0]
    return Found("topk", [_blank(call[0], shape), torch.empty(shape, dtype=torch.int64, device="meta")], operands=[0])


_register_simple()
