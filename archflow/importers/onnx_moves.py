"""ONNX's operators that move numbers, and those that say or make shapes."""

from __future__ import annotations

import math

import torch

from archflow.importers.onnx_calls import Call, Found, blank, operator
from archflow.importers.onnx_schema import SMALL

_FAR = 1 << 50
"""Beyond any axis: where slices end that go to the end."""


@operator("reshape", "Reshape")
def _reshape(call: Call) -> Found:
    x, shape = call[0], call.numbers(1, "shape") or []
    if not call.get("allowzero", 0):
        shape = [x.shape[axis] if size == 0 and axis < x.dim() else size for axis, size in enumerate(shape)]
    return Found("reshape", x.reshape(shape), operands=[0])


@operator("reshape", "Flatten")
def _flatten(call: Call) -> Found:
    x, axis = call[0], call.get("axis", 1)
    return Found("reshape", x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]) if axis else x.numel()))


@operator("reshape", "Squeeze")
def _squeeze(call: Call) -> Found:
    axes = call.numbers(1, "axes")
    x = call[0]
    return Found("reshape", x.squeeze() if axes is None else x.squeeze(tuple(axes)), operands=[0])


@operator("reshape", "Unsqueeze")
def _unsqueeze(call: Call) -> Found:
    x, axes = call[0], call.numbers(1, "axes") or []
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return Found("reshape", x, operands=[0])


@operator("transpose", "Transpose")
def _transpose(call: Call) -> Found:
    x = call[0]
    return Found("transpose", x.permute(call.get("perm", list(range(x.dim()))[::-1])))


@operator("concat", "Concat")
def _concat(call: Call) -> Found:
    return Found("concat", torch.cat([call[i] for i in range(len(call.tensors))], call.get("axis", 0)))


@operator("split", "Split")
def _split(call: Call) -> Found:
    x, axis, count = call[0], call.get("axis", 0), max(1, len(call.outputs))
    sizes = call.numbers(1, "split")
    each = -(-x.shape[axis] // count)
    sizes = sizes or [min(each, x.shape[axis] - part * each) for part in range(count)]
    return Found("split", torch.split(x, sizes, axis), operands=[0])


@operator("slice", "Slice")
def _slice(call: Call) -> Found:
    x = call[0]
    starts, ends = call.numbers(1, "starts") or [], call.numbers(2, "ends") or []
    axes, steps = call.numbers(3, "axes") or list(range(len(starts))), call.numbers(4) or [1] * len(starts)
    if min(steps, default=1) < 1:  # which torch lacks
        shape = list(x.shape)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            shape[axis] = len(range(*slice(start, end, step).indices(shape[axis])))
        return Found("slice", blank(x, shape), operands=[0])
    cut = [slice(None)] * x.dim()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(max(start, -_FAR), min(end, _FAR), step)
    return Found("slice", x[tuple(cut)], operands=[0])


@operator("gather", "Gather")
def _gather(call: Call) -> Found:
    x, indices, axis = call[0], call[1], call.get("axis", 0) % max(1, call[0].dim())
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    if x.is_meta:
        # One place of an axis is a slice. Rows of a learned table are an embedding, which the reader knows.
        one = indices.dim() == 0 and call.known[1] is not None
        return Found("slice", blank(x, shape), operands=[0]) if one else Found("gather", blank(x, shape))
    places = indices.flatten().to(torch.int64) % max(1, x.shape[axis])
    return Found("gather", torch.index_select(x, axis, places).reshape(shape))


@operator("gather", "GatherElements", "GatherND")
def _gather_elements(call: Call) -> Found:
    x, indices = call[0], call[1]
    behind = x.shape[indices.shape[-1] :] if indices.dim() and call.get("axis", None) is None else ()
    return Found("gather", blank(x, (*indices.shape[:-1], *behind) if behind else indices.shape))


@operator("expand", "Expand")
def _expand(call: Call) -> Found:
    x, shape = call[0], call.numbers(1) or []
    return Found("expand", x.expand(torch.broadcast_shapes(x.shape, tuple(shape))), operands=[0])


@operator("repeat", "Tile")
def _tile(call: Call) -> Found:
    return Found("repeat", call[0].repeat(call.numbers(1, "repeats") or []), operands=[0])


@operator("pad", "Pad")
def _pad(call: Call) -> Found:
    x, pads = call[0], call.numbers(1, "pads") or []
    axes = call.numbers(3) or list(range(len(pads) // 2))
    shape = list(x.shape)
    for place, axis in enumerate(axes):
        shape[axis] += pads[place] + pads[place + len(axes)]
    return Found("pad", blank(x, shape), operands=[0])


@operator("upsample", "Resize", "Upsample")
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
    return Found("upsample", blank(x, shape), operands=[0])


@operator("pixel_shuffle", "DepthToSpace")
def _pixel_shuffle(call: Call) -> Found:
    (batch, channels, height, width), block = call[0].shape, call.get("blocksize", 1)
    return Found("pixel_shuffle", blank(call[0], (batch, channels // block**2, height * block, width * block)))


@operator("pixel_unshuffle", "SpaceToDepth")
def _pixel_unshuffle(call: Call) -> Found:
    (batch, channels, height, width), block = call[0].shape, call.get("blocksize", 1)
    return Found("pixel_unshuffle", blank(call[0], (batch, channels * block**2, height // block, width // block)))


@operator("constant", "Shape")
def _shape_of(call: Call) -> Found:
    shape = list(call[0].shape)[call.get("start", 0) : call.get("end", None)]
    return Found("constant", torch.tensor(shape, dtype=torch.int64), operands=[])


@operator("constant", "Size")
def _size(call: Call) -> Found:
    return Found("constant", torch.tensor(call[0].numel()), operands=[])


@operator("fill", "ConstantOfShape")
def _constant_of_shape(call: Call) -> Found:
    shape = call.numbers(0) or []
    given = call.get("value", None)
    value = given.values if given is not None and given.values is not None else torch.zeros(1)
    return Found("fill", value.flatten()[:1].reshape(()).expand(shape), operands=[])


@operator("range", "Range")
def _range(call: Call) -> Found:
    ends = [(call.numbers(place) or [0])[0] for place in range(3)]
    count = max(0, math.ceil((ends[1] - ends[0]) / ends[2])) if ends[2] else 0
    if count > SMALL:
        return Found("range", blank(call[0], (count,)), operands=[])
    return Found("range", torch.arange(count).to(call[0].dtype) * ends[2] + ends[0], operands=[])
