"""Channels and multiply-adds of an operation, from the shapes of its operands and result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from archflow.importers.vocabulary import CONVOLUTIONS, OPERATIONS

Shape = tuple[int, ...]


def described(
    op: str, operands: Sequence[Shape | None], result: Shape | None, numbers: Mapping[str, float]
) -> dict[str, float]:
    """The node attributes of one operation.

    Multiply-adds are counted as NAS-Bench-201 does: one for each weight and output position of a convolution or
    matrix. Biases, normalisation, activations, pooling and sums are not counted.

    Args:
        op: A name of the vocabulary.
        operands: Shapes, as the vocabulary orders operands; None for one that is not known.
        result: The shape of the first result.
        numbers: What else is known: kernel, stride, groups ... Multiply-adds that are among them stay.
    """
    found = dict(numbers)
    if "macs" in found:
        return found
    if op in CONVOLUTIONS:
        found |= _convolution(op, operands, result, found)
    elif op in _COUNTED:
        count, needed = _COUNTED[op]
        known = [shape for shape in operands[:needed] if shape is not None]
        if known and len(known) == len(operands[:needed]) and result is not None:
            found |= count(known, result)
    elif op in OPERATIONS:
        found["macs"] = 0.0
    return found


def named(op: str, operands: Sequence[Shape | None], result: Shape | None) -> str:
    """The name of an operation that its shapes decide.

    A pooling or mean over all positions of an image is `global_avg_pool`.
    """
    image = operands[0] if operands else None
    if image is None or result is None or not (op.startswith("adaptive_avg_pool") or (op == "mean" and len(image) > 3)):
        return op
    left = (*image[:2], *(1 for _ in image[2:]))
    return "global_avg_pool" if result in (left, image[:2]) else op


def _convolution(
    op: str, operands: Sequence[Shape | None], result: Shape | None, numbers: Mapping[str, float]
) -> dict[str, float]:
    """Operands: image (B, C, ...), weight (out, in / groups, ...); of a transposed one (in, out / groups, ...)."""
    weight = operands[1] if len(operands) > 1 else None
    if weight is None or len(weight) < 3:
        return {}
    groups, transposed = int(numbers.get("groups", 1)), "transpose" in op
    found = {"groups": float(groups), "kernel_width": float(weight[-1])}
    if len(weight) > 3:
        found["kernel_height"] = float(weight[-2])
    ends = weight[0], weight[1] * groups
    found["channels_in"], found["channels_out"] = map(float, ends if transposed else ends[::-1])
    positions = operands[0] if transposed else result
    if positions is not None:
        found["macs"] = float(math.prod(positions) * math.prod(weight[1:]))
    return found


def _linear(operands: list[Shape], result: Shape) -> dict[str, float]:
    """Operands: features (..., in), weight (out, in) or (in, out)."""
    width = operands[0][-1] if operands[0] else 1
    out = result[-1] if result else 1
    return {"channels_in": float(width), "channels_out": float(out), "macs": float(math.prod(result) * width)}


def _matmul(operands: list[Shape], result: Shape) -> dict[str, float]:
    return {"macs": float(math.prod(result) * (operands[0][-1] if operands[0] else 1))}


def _attention(operands: list[Shape], result: Shape) -> dict[str, float]:
    """Operands: query (..., heads, L, d), key (..., heads, S, d), value (..., heads, S, e)."""
    if len(operands) < 3 or min(map(len, operands)) < 2:
        return {}
    query, key, value = operands
    found = {"macs": float(math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1]))}
    if len(query) > 3:
        found["heads"] = float(query[-3])
    return found


def _multi_head_attention(operands: list[Shape], result: Shape) -> dict[str, float]:
    """Operands: query (L, B, d), key (S, B, d), value, then the learned arrays."""
    if len(operands) < 2 or min(map(len, operands)) < 2:
        return {}
    query, key = operands
    queries, keys, width = math.prod(query[:-1]), math.prod(key[:-1]), query[-1]
    projections = 2 * width * width * (queries + keys)
    return {"macs": float(projections + 2 * queries * key[0] * width), "channels_in": width, "channels_out": width}


def _recurrent(operands: list[Shape], result: Shape) -> dict[str, float]:
    """Operands: sequence (B, T, in) in any order of B and T, then the weights, of which matrices count."""
    sequence, weights = operands[0], [shape for shape in operands[1:] if len(shape) == 2]
    if len(sequence) < 2 or not weights:
        return {}
    matrices = sum(math.prod(shape) for shape in weights)
    return {"macs": float(math.prod(sequence[:-1]) * matrices), "channels_in": float(sequence[-1])}


_COUNTED = {
    "linear": (_linear, 1),
    "matmul": (_matmul, 1),
    "attention": (_attention, 3),
    "multi_head_attention": (_multi_head_attention, 2),
    **dict.fromkeys(("lstm", "gru", "rnn"), (_recurrent, None)),
}
"""What counts an operation, and how many operands it looks at; None for all."""
