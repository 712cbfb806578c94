"""ONNX's convolutions, poolings, products, normalisations and recurrent layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from archflow.importers.onnx_calls import Call, Found, blank, operator, same
from archflow.importers.torch_arguments import kernel_numbers


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


@operator("conv2d", "Conv")
def _conv(call: Call) -> Found:
    x, weight = call[0], call[1]
    axes = x.dim() - 2
    sizes = _windows(call, weight.shape[2:], x.shape[2:])
    numbers = {**_steps(call, axes), "groups": float(call.get("group", 1))}
    return Found(f"conv{axes}d", blank(x, (x.shape[0], weight.shape[0], *sizes)), numbers)


@operator("conv_transpose2d", "ConvTranspose")
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
    return Found(f"conv_transpose{axes}d", blank(x, shape), numbers)


def _pool(call: Call, kind: str) -> Found:
    x, kernel = call[0], call.get("kernel_shape", [1])
    axes = x.dim() - 2
    op = f"{kind}_pool{axes}d"
    result = blank(x, (*x.shape[:2], *_windows(call, kernel, x.shape[2:])))
    return Found(op, [result] * max(1, len(call.outputs)), {**_steps(call, axes), **kernel_numbers(kernel, op)})


@operator("max_pool2d", "MaxPool")
def _max_pool(call: Call) -> Found:
    return _pool(call, "max")


@operator("avg_pool2d", "AveragePool")
def _average_pool(call: Call) -> Found:
    return _pool(call, "avg")


@operator("global_avg_pool", "GlobalAveragePool")
def _global_average_pool(call: Call) -> Found:
    return Found("global_avg_pool", _one_position(call))


@operator("max", "GlobalMaxPool")
def _global_max_pool(call: Call) -> Found:
    return Found("max", _one_position(call))


def _one_position(call: Call) -> Tensor:
    x = call[0]
    return blank(x, (*x.shape[:2], *(1 for _ in x.shape[2:])))


@operator("batch_norm", "BatchNormalization")
def _batch_norm(call: Call) -> Found:
    return Found("batch_norm", [same(call)] * max(1, len(call.outputs)), operands=[0, 1, 2])


@operator("matmul", "MatMul")
def _matmul(call: Call) -> Found:
    return Found("matmul", torch.matmul(call[0].to("meta"), call[1].to("meta")))


@operator("matmul", "Gemm")
def _gemm(call: Call) -> Found:
    """The product; that a sum may follow the reader knows."""
    (rows, inner), (other, columns) = call[0].shape, call[1].shape
    rows, inner = (inner, rows) if call.get("transA", 0) else (rows, inner)
    columns = other if call.get("transB", 0) else columns
    return Found("matmul", blank(call[0], (rows, columns)), {"macs": float(rows * inner * columns)})


@operator("einsum", "Einsum")
def _einsum(call: Call) -> Found:
    operands = [call[place].to("meta") for place in range(len(call.tensors))]
    return Found("einsum", torch.einsum(call.get("equation", ""), *operands))


@operator("attention", "Attention")
def _attention(call: Call) -> Found:
    query, value = call[0], call[2]
    return Found("attention", blank(query, (*query.shape[:-1], value.shape[-1])), operands=[0, 1, 2])


def _recurrent(call: Call, op: str) -> Found:
    """Operands: sequence (T, B, in), weights of the input (D, G, in) and of the state (D, G, H), biases (D, ...)."""
    x, weight, recurrent = call[0], call[1], call[2]
    length, batch, width = x.shape
    directions, hidden = weight.shape[0], call.get("hidden_size", recurrent.shape[-1])
    results = [blank(x, (length, directions, batch, hidden)), *[blank(x, (directions, batch, hidden))] * 2]
    numbers = {
        "channels_in": float(width),
        "channels_out": float(directions * hidden),
        "macs": float(length * batch * (weight.numel() + recurrent.numel())),
    }
    return Found(op, results[: max(1, len(call.outputs))], numbers)


operator("lstm", "LSTM")(partial(_recurrent, op="lstm"))
operator("gru", "GRU")(partial(_recurrent, op="gru"))
operator("rnn", "RNN")(partial(_recurrent, op="rnn"))
