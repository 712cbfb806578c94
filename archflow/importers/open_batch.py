"""Networks traced for a batch of any size, so that costs are those of one example."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import SymInt, Tensor
from torch.export import Dim, ShapesCollection
from torch.utils import _pytree as pytree

from archflow.errors import ArchflowError


class OpenInputs(NamedTuple):
    """What a network is called with, tensors without numbers, and which of its axes are open."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    shapes: ShapesCollection


def with_open_batch(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> OpenInputs:
    """Leave the batch open: the first axis of the first tensor, and of all others that are as long there.

    Args:
        arguments, keywords: What the network is called with, on the meta device.

    Raises:
        ArchflowError: If no tensor among them has an axis.
    """
    tensors = [each for each in pytree.tree_leaves((arguments, keywords)) if isinstance(each, Tensor) and each.dim()]
    if not tensors:
        raise ArchflowError("no input has an axis")
    size, batch, shapes = tensors[0].shape[0], Dim("batch"), ShapesCollection()

    def opened(tensor: Tensor) -> Tensor:
        if not tensor.dim() or tensor.shape[0] != size:
            return tensor
        # A size of 1 would be taken for a fixed one; two tensors that are one would be taken for one input.
        several = tensor.new_empty((max(2, size), *tensor.shape[1:]))
        shapes[several] = {0: batch}
        return several

    arguments, keywords = pytree.tree_map_only(Tensor, opened, (arguments, keywords))
    return OpenInputs(arguments, keywords, shapes)


def sizes_of_one(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a traced tensor, for a batch of one example where that is open."""
    return tuple(_of_one(size) for size in tensor.shape)


def _of_one(size: int | SymInt) -> int:
    if isinstance(size, int):
        return size
    expression = size.node.expr
    return int(expression.subs(dict.fromkeys(expression.free_symbols, 1)))
