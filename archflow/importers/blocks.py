"""Blocks: the parts of a model that one would draw as a box, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archflow.importers.vocabulary import CONVOLUTIONS, MATRICES

_PRODUCTS = frozenset((*CONVOLUTIONS, *MATRICES))
_NAMED = 3
"""Modules that the name of a block lists."""


@dataclass(frozen=True)
class Block:
    """A part of a model.

    Attributes:
        nodes: All that belong to it, in the order of execution.
        kind: As `kind_of` says of its operations.
        parts: The blocks that it is divided into; none if it is not.
        name: What its source calls it; empty if it does not say.
    """

    nodes: tuple[int, ...]
    kind: str
    parts: tuple[Block, ...] = ()
    name: str = ""


def is_product(op: str) -> bool:
    """Whether an operation is a convolution or matrix product, alone or with fused operations."""
    return op.partition("+")[0] in _PRODUCTS


def kind_of(ops: Iterable[str]) -> str:
    """What to call a block with these operations: its convolutions and matrix products, and how many of each.

    Without any, all its operations are named. A single operation keeps its name.
    """
    counts = Counter(ops)
    if counts.total() == 1:
        return next(iter(counts))
    products = {op: count for op, count in counts.items() if is_product(op)}
    listed = sorted((products or counts).items())
    return "block:" + "+".join(op if count == 1 else f"{count}*{op}" for op, count in listed)


def with_names(blocks: Iterable[Block], ops: Sequence[str], modules: Sequence[str]) -> list[Block]:
    """Blocks named by the modules that compute them; one with a single convolution or matrix product by that.

    Args:
        blocks: The blocks of a model.
        ops: Its operations.
        modules: For each node the dotted path of the innermost module that it is computed in, empty if none is known.
    """
    found = []
    for block in blocks:
        products = [node for node in block.nodes if is_product(ops[node])]
        named = products if len(products) == 1 and not block.parts else block.nodes
        parts = tuple(with_names(block.parts, ops, modules))
        found.append(replace(block, name=module_name(modules[node] for node in named), parts=parts))
    return found


def module_name(paths: Iterable[str]) -> str:
    """A common name of several modules: the path that they share.

    If they share none, what those below each of the outermost modules share, for the first few of them.
    """
    groups: dict[str, list[list[str]]] = {}
    for path in dict.fromkeys(paths):
        if path:
            parts = path.split(".")
            groups.setdefault(parts[0], []).append(parts)
    names = [_shared(group) for group in groups.values()]
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _shared(paths: Sequence[Sequence[str]]) -> str:
    """The parts that all paths begin with."""
    shared: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)
