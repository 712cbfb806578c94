"""Calls of ONNX operators, and the list of those that are known.

Shapes are found with tensors on torch's meta device, which have no numbers. Small arrays that are known (a shape, an
axis) are kept with their numbers, so that a shape that is computed in the graph is known too.

Source: https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from archflow.importers.onnx_schema import OnnxNode

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
        """The numbers of an operand, or of the attribute that older versions have in its place; None without either.

        Raises:
            UnknownShapeError: If they are not known.
        """
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

NAMES: dict[str, str] = {}
"""What the vocabulary calls operators, by ONNX's name."""


def operator(op: str, *names: str) -> Callable[[Operator], Operator]:
    """Decorator of what reads operators of these names; op: what the vocabulary calls them, if no shape is known."""

    def add(function: Operator) -> Operator:
        OPERATORS.update(dict.fromkeys(names, function))
        NAMES.update(dict.fromkeys(names, op))
        return function

    return add


def blank(like: Tensor, shape: Sequence[int]) -> Tensor:
    """A tensor of another one's type and of this shape, without numbers."""
    return torch.empty(tuple(shape), dtype=like.dtype, device="meta")


def same(call: Call) -> Tensor:
    """A tensor of the first operand's type and shape, without numbers."""
    return call[0].to("meta")


DOMAINS = ("", "ai.onnx", "com.microsoft")
"""The domains of the operators that are known."""


def name_of(node: OnnxNode) -> str:
    """What to call an operator whose result has no known shape: as the vocabulary does, or by its own name."""
    known = NAMES.get(node.op) if node.domain in DOMAINS else None
    return known or f"{node.domain}.{node.op}".lstrip(".")
