"""The layers of ncnn: what the vocabulary calls each, its learned arrays, and the shape of its result.

Source: https://github.com/Tencent/ncnn/wiki/operation-param-weight-table and .../param-and-model-file-structure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from archflow.errors import ArchflowError
from archflow.importers.normal import IDENTITY
from archflow.importers.steps import BUNDLE, LARGEST, Shape, Steps
from archflow.printable import shown

Numbers = Mapping[int, float | list[float]]

SHAPE_HINT = 30
"""The parameter in which tools note the shapes of results."""

_SAME = (-233, -234)
"""Paddings that keep the size of an image, divided by the stride."""

_NAMES = {
    **{name: IDENTITY for name in ("Split", "Dropout", "Cast", "Quantize", "Dequantize", "Requantize", "Packing")},
    **{name: name.lower() for name in ("ReLU", "ELU", "SELU", "CELU", "GELU", "Mish", "Sigmoid", "TanH", "Softplus")},
    **{
        "Noop": BUNDLE,
        "Swish": "silu",
        "HardSwish": "hard_swish",
        "HardSigmoid": "hard_sigmoid",
        "Clip": "clamp",
        "PReLU": "prelu",
    },
    **{"Softmax": "softmax", "LRN": "local_response_norm", "BatchNorm": "batch_norm", "LayerNorm": "layer_norm"},
    **{"GroupNorm": "group_norm", "InstanceNorm": "instance_norm", "RMSNorm": "rms_norm", "Scale": "mul"},
    **{"Concat": "concat", "Slice": "split", "Crop": "slice", "Permute": "transpose", "Interp": "upsample"},
    **{"Reshape": "reshape", "Flatten": "reshape", "Squeeze": "reshape", "ExpandDims": "reshape", "Tile": "expand"},
    **{"ShuffleChannel": "channel_shuffle", "PixelShuffle": "pixel_shuffle", "Padding": "pad", "Embed": "embedding"},
    **{"SDPA": "attention", "MultiHeadAttention": "multi_head_attention", "RotaryEmbed": "rotary_embedding"},
    **{"LSTM": "lstm", "GRU": "gru", "RNN": "rnn", "MatMul": "matmul", "ArgMax": "argmax", "Reorg": "pixel_unshuffle"},
    **{"PriorBox": "prior_box", "DetectionOutput": "detection_output", "YoloDetectionOutput": "yolo_output"},
    **{"Yolov3DetectionOutput": "yolo_output", "GridSample": "grid_sample", "Einsum": "einsum"},
}
_BINARY = ("add", "sub", "mul", "div", "maximum", "minimum", "pow", "sub", "div")
_ELEMENTWISE = ("mul", "add", "maximum")
_UNARY = ("abs", "neg", "floor", "ceil", "square", "sqrt", "rsqrt", "exp", "log", "sin", "cos", "tan")
_REDUCTIONS = ("sum", "norm", "sum", "mean", "max", "min", "prod", "norm", "norm", "log", "logsumexp")
_FUSED = {1: "relu", 2: "leaky_relu", 3: "clamp", 4: "sigmoid", 5: "mish", 6: "hard_swish"}
"""Activations that a layer applies itself."""


@dataclass(frozen=True)
class Layer:
    """One line of a .param file.

    Attributes:
        kind: What ncnn calls it.
        name: Its own name.
        numbers: Its parameters by number.
        shapes: The shapes of its results, the batch included; empty if not said.
    """

    kind: str
    name: str
    numbers: Numbers = field(default_factory=dict)
    shapes: Sequence[Shape] = ()

    def get(self, number: int, default: int = 0) -> int:
        """A parameter as an integer. Raises ArchflowError for a value that no model has."""
        value = self.numbers.get(number, default)
        if isinstance(value, list):
            return default
        if not abs(value) <= LARGEST:
            raise ArchflowError(f"layer {shown(self.name)} has {value} as parameter {number}")
        return int(value)


def put_layer(steps: Steps, layer: Layer, inputs: Sequence[int]) -> int:
    """Record a layer and the activation that is fused to it. Return the number of its result."""
    if layer.kind == "Input":
        return steps.input(layer.shapes[0] if layer.shapes else _blob(layer))
    if layer.kind == "MemoryData":
        return steps.weight(layer.name, _blob(layer) or (0,))
    before = steps[inputs[0]].shape if inputs else None
    if layer.kind.startswith(("Convolution", "Deconvolution")):
        step = _convolution(steps, layer, inputs, before)
    elif layer.kind in ("InnerProduct", "Gemm"):
        step = _product(steps, layer, inputs, before)
    elif layer.kind.startswith("Pooling"):
        step = _pooling(steps, layer, inputs, before)
    else:
        operands = [*inputs, *_learned(steps, layer)]
        op = _name(layer)
        same = before if op in _KEEPS_SHAPE or layer.kind in ("BinaryOp", "Eltwise", "UnaryOp") else None
        if layer.kind == "Padding":
            same = _padded(layer, before)
        step = steps.apply(op, operands, layer.shapes[0] if layer.shapes else same)
    fused = _FUSED.get(layer.get(9)) if layer.kind.startswith(("Conv", "Deconv", "InnerProduct")) else None
    return step if fused is None else steps.apply(fused, [step], steps[step].shape)


_KEEPS_SHAPE = frozenset(
    (
        *(IDENTITY, "relu", "elu", "selu", "celu", "gelu", "mish", "sigmoid", "tanh", "softplus", "silu", "softmax"),
        *("hard_swish", "hard_sigmoid", "clamp", "prelu", "batch_norm", "layer_norm", "group_norm", "instance_norm"),
        *("rms_norm", "local_response_norm", "channel_shuffle", "mul"),
    )
)


def _name(layer: Layer) -> str:
    """The name of a layer in the vocabulary."""
    choices = {"BinaryOp": _BINARY, "Eltwise": _ELEMENTWISE, "UnaryOp": _UNARY, "Reduction": _REDUCTIONS}.get(
        layer.kind
    )
    if choices is not None:
        kind = layer.get(0)
        return choices[kind] if 0 <= kind < len(choices) else layer.kind
    return _NAMES.get(layer.kind, layer.kind)


def _blob(layer: Layer) -> Shape | None:
    """The shape that an input or array states as width, height, (depth,) channels, with a batch of 1."""
    sizes = [layer.get(number) for number in (2, 11, 1, 0)]
    known = tuple(size for size in sizes if size > 0)
    return (1, *known) if known and layer.kind == "Input" else known or None


def _convolution(steps: Steps, layer: Layer, inputs: Sequence[int], before: Shape | None) -> int:
    """Write down a convolution.

    Parameters: 0 channels, 1 and 11 kernel, 2 and 12 dilation, 3 and 13 stride, 4 and 14 to 16 padding, 5 bias, 6
    weights, 7 groups.
    """
    out, groups = layer.get(0), layer.get(7, 1) if "DepthWise" in layer.kind else 1
    width = layer.get(1)
    height = layer.get(11, width) if "1D" not in layer.kind else None
    kernel = (width,) if height is None else (height, width)
    area = width * (height or 1)
    per_output = layer.get(6) // max(1, out * area)  # input channels of a group
    transposed = layer.kind.startswith("Deconv")
    weight = (per_output * groups, out // max(1, groups), *kernel) if transposed else (out, per_output, *kernel)
    learned = [steps.weight(f"{layer.name}.weight", weight)]
    if layer.get(5):
        learned.append(steps.weight(f"{layer.name}.bias", (out,)))
    shape = layer.shapes[0] if layer.shapes else None
    if shape is None and before is not None and len(before) == len(kernel) + 2 and not transposed:
        shape = (before[0], out, *_windows(layer, before[2:], kernel))
    numbers = {"stride": float(layer.get(3, 1)), "dilation": float(layer.get(2, 1)), "groups": float(groups)}
    numbers |= _precision(layer)
    op = f"{'conv_transpose' if transposed else 'conv'}{len(kernel)}d"
    return steps.apply(op, [*inputs[:1], *learned], shape, 4, numbers)


def _product(steps: Steps, layer: Layer, inputs: Sequence[int], before: Shape | None) -> int:
    """InnerProduct: 0 features, 1 bias, 2 weights. Gemm: 4 to 6 which operands are learned, 7 to 9 sizes M, N, K."""
    shape = layer.shapes[0] if layer.shapes else None
    if layer.kind == "InnerProduct":
        out, width = layer.get(0), layer.get(2) // max(1, layer.get(0))
        bias, shape = layer.get(1), shape or (1, out)
    elif layer.get(5):
        out, width, bias = layer.get(8), layer.get(9), layer.get(6) and layer.get(10) >= 0
        shape = shape or (None if before is None else (*before[:-1], out))
    else:
        return steps.apply("matmul", inputs, shape)
    learned = [steps.weight(f"{layer.name}.weight", (out, width))]
    if bias:
        learned.append(steps.weight(f"{layer.name}.bias", (out,)))
    rows = 1 if layer.kind == "InnerProduct" else None
    if rows is None and shape is not None:
        rows = 1
        for size in shape[:-1]:
            rows *= size
    numbers = {"channels_in": float(width), "channels_out": float(out), **_precision(layer)}
    if rows is not None:
        numbers["macs"] = float(rows * out * width)
    return steps.apply("linear", [*inputs[:1], *learned], shape, 4, numbers)


def _precision(layer: Layer) -> dict[str, float]:
    """The attribute of a convolution or product whose weights are quantised; parameter 8, of a Gemm 18."""
    return {"int8": 1.0} if layer.get(18 if layer.kind == "Gemm" else 8) else {}


def _padded(layer: Layer, before: Shape | None) -> Shape | None:
    """Parameters of Padding: 0 top, 1 bottom, 2 left, 3 right, 7 front, 8 behind (channels)."""
    if before is None or len(before) != 4:
        return None
    ends = ((7, 8), (0, 1), (2, 3))
    added = [layer.get(first) + layer.get(last) for first, last in ends]
    return (before[0], *(size + more for size, more in zip(before[1:], added, strict=True)))


def _pooling(steps: Steps, layer: Layer, inputs: Sequence[int], before: Shape | None) -> int:
    """Parameters: 0 kind, 1 and 11 kernel, 2 and 12 stride, 3 and 13 to 15 padding, 4 of all positions, 5 rounding."""
    kind = "avg" if layer.get(0) else "max"
    shape = layer.shapes[0] if layer.shapes else None
    if layer.get(4):
        shape = shape or (None if before is None else (*before[:2], 1, 1))
        return steps.apply("global_avg_pool" if kind == "avg" else "max", inputs, shape)
    width = layer.get(1)
    kernel = (layer.get(11, width), width)
    if shape is None and before is not None and len(before) == 4:
        asked = Layer("", "", {3: layer.get(2, 1), 4: layer.get(3)})
        rounds_up = not layer.get(5)
        shape = (*before[:2], *_windows(asked, before[2:], kernel, rounds_up=rounds_up))
    numbers = {"kernel_height": float(kernel[0]), "kernel_width": float(width), "stride": float(layer.get(2, 1))}
    return steps.apply(f"{kind}_pool2d", inputs, shape, 4, {**numbers, "dilation": 1.0})


def _windows(layer: Layer, sizes: Sequence[int], kernel: Sequence[int], *, rounds_up: bool = False) -> list[int]:
    """The size of an image after a sliding window with the stride and padding of a convolution."""
    stride, dilation, padding = max(1, layer.get(3, 1)), layer.get(2, 1), layer.get(4)
    if padding in _SAME:
        return [-(-size // stride) for size in sizes]
    found = []
    for size, reach in zip(sizes, kernel, strict=True):
        room = size + 2 * padding - dilation * (reach - 1) - 1
        found.append(max(0, (-(-room // stride) if rounds_up else room // stride) + 1))
    return found


def _learned(steps: Steps, layer: Layer) -> list[int]:
    """The learned arrays of a layer that is neither a convolution nor a product."""
    sizes = {
        "BatchNorm": [layer.get(0)] * 2,
        "PReLU": [layer.get(0)],
        "Scale": [layer.get(0)] * (1 + bool(layer.get(1))),
        "LayerNorm": [layer.get(0)] * 2 * bool(layer.get(2, 1)),
        "RMSNorm": [layer.get(0)] * bool(layer.get(2, 1)),
        "GroupNorm": [layer.get(1)] * 2 * bool(layer.get(3, 1)),
        "InstanceNorm": [layer.get(0)] * 2 * bool(layer.get(2, 1)),
        "Embed": [layer.get(3)],
        "LSTM": [layer.get(1)],
        "GRU": [layer.get(1)],
        "RNN": [layer.get(1)],
        "MultiHeadAttention": [layer.get(2)] * 4 + [layer.get(0)] * 4,
    }.get(layer.kind, [])
    return [steps.weight(f"{layer.name}.{place}", (size,)) for place, size in enumerate(sizes) if size > 0]
