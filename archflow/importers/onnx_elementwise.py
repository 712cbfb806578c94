"""ONNX's elementwise operators, and those that reduce axes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from archflow.importers.normal import IDENTITY
from archflow.importers.onnx_calls import NAMES, Call, Found, UnknownShapeError, blank, operator, same
from archflow.importers.torch_arguments import clamp_name

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


def _register_simple() -> None:
    """Register the operators of the tables above."""
    for name, op in _UNARY.items():
        operator(op, name)(lambda call, op=op: Found(op, [same(call)] * max(1, len(call.outputs))))
    for name, (op, function) in _COMPUTED_UNARY.items():
        operator(op, name)(lambda call, op=op, function=function: Found(op, function(call[0])))
    for name, (op, function) in _BINARY.items():
        operator(op, name)(lambda call, op=op, function=function: Found(op, function(call[0], call[1])))
    for name, (op, function) in _VARIADIC.items():
        operator(op, name)(lambda call, op=op, function=function: Found(op, _all(function, call)))
    for name, op in _REDUCTIONS.items():
        operator(op, name)(lambda call, op=op: Found(op, _reduced(call, op), operands=[0]))
    for name, op in _WITHOUT_SHAPE.items():
        NAMES[name] = op


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


@operator("cast", "Cast", "CastLike")
def _cast(call: Call) -> Found:
    dtypes = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64}
    dtype = call[1].dtype if call.has(1) else dtypes.get(call.get("to", 1), torch.float32)
    known = call.known[0]
    result = (call[0] if known is None else known).to(dtype)
    return Found(IDENTITY if dtype == call[0].dtype else "cast", result, operands=[0])


@operator("where", "Where")
def _where(call: Call) -> Found:
    return Found("where", torch.where(call[0].bool(), call[1], call[2]))


@operator("clamp", "Clip")
def _clip(call: Call) -> Found:
    ends = []
    for place, name in ((1, "min"), (2, "max")):
        try:
            ends.append((call.numbers(place, name) or [None])[0])
        except UnknownShapeError:
            ends.append("unknown")
    return Found(clamp_name(*ends), same(call), operands=[0])


@operator("argmax", "ArgMax")
def _arg_max(call: Call) -> Found:
    return Found("argmax", torch.argmax(call[0], call.get("axis", 0), keepdim=bool(call.get("keepdims", 1))))


@operator("argmin", "ArgMin")
def _arg_min(call: Call) -> Found:
    return Found("argmin", torch.argmin(call[0], call.get("axis", 0), keepdim=bool(call.get("keepdims", 1))))


@operator("topk", "TopK")
def _top(call: Call) -> Found:
    shape, axis = list(call[0].shape), call.get("axis", -1)
    shape[axis] = (call.numbers(1, "k") or [1])[0]
    return Found("topk", [blank(call[0], shape), torch.empty(shape, dtype=torch.int64, device="meta")], operands=[0])


_register_simple()
