"""What the arguments of a torch operation say of it: which operands come first, kernel, stride, groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archflow.importers.vocabulary import CONVOLUTIONS, POOLS

_CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TRANSPOSED = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_POOL = ("input", "kernel_size", "stride", "padding", "dilation")

ORDER: Mapping[str, Sequence[str]] = {
    **{f"conv{axes}d": _CONVOLUTION for axes in (1, 2, 3)},
    **{f"conv_transpose{axes}d": _TRANSPOSED for axes in (1, 2, 3)},
    **{f"max_pool{axes}d": _POOL for axes in (1, 2, 3)},
    **{f"avg_pool{axes}d": _POOL[:4] for axes in (1, 2, 3)},
    "hardtanh": ("input", "min", "max"),
    "clamp": ("input", "min", "max"),
    "clip": ("input", "min", "max"),
}
"""Arguments in their order, by plain name, of functions whose numbers count."""

FIRST_BEHIND: Mapping[str, Sequence[int]] = {"addmm": (1, 2, 0), "baddbmm": (1, 2, 0), "addmv": (1, 2, 0)}
"""Where the vocabulary's operands stand among those of torch, by plain name, where they stand in another order."""


def by_name(plain: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function by name, as far as `ORDER` knows them."""
    return {**dict(zip(ORDER.get(plain, ()), arguments, strict=False)), **keywords}


def numbers(op: str, arguments: Mapping[str, Any]) -> dict[str, float]:
    """Node attributes of a convolution or pooling that its arguments give; none of any other operation."""
    kernel = _sizes(arguments.get("kernel_size"))
    if op not in CONVOLUTIONS and not (op in POOLS and kernel):
        return {}
    stride = (_sizes(arguments.get("stride")) or kernel or [1.0])[-1]
    groups, dilation = _sizes(arguments.get("groups")), _sizes(arguments.get("dilation"))
    found = {"stride": stride, "dilation": dilation[-1] if dilation else 1.0}
    if groups:
        found["groups"] = groups[0]
    return found | kernel_numbers(kernel, op)


def kernel_numbers(kernel: Sequence[float], op: str) -> dict[str, float]:
    """A kernel of one number for all axes, or of one for each, as node attributes."""
    if not kernel:
        return {}
    width = {"kernel_width": float(kernel[-1])}
    return width if op.endswith("1d") else {"kernel_height": float(kernel[-2:][0]), **width}


def clamp_name(low: Any, high: Any) -> str:
    """What the vocabulary calls a clamp between two numbers."""
    ends = tuple(float(end) if isinstance(end, int | float) else None for end in (low, high))
    return {(0.0, 6.0): "relu6", (0.0, None): "relu"}.get(ends, "clamp")


def _sizes(value: Any) -> list[float]:
    """The numbers of an argument that is one number or a list of them."""
    values = value if isinstance(value, list | tuple) else [value]
    return [float(each) for each in values if isinstance(each, int) and not isinstance(each, bool)]
