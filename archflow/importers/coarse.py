"""Imported models with one node per block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.importers.blocks import Block
from archflow.importers.structure import blocks_of

SUMMED = ("params", "macs", "bytes")

OPERATIONS = "operations"
"""The node attribute that says how many operations a block has."""


def coarse(architectures: ArchitectureSet, depth: int = 1) -> ArchitectureSet:
    """The same models, in which every block of `archflow.importers.structure.blocks_of` is one node.

    A node has the sums of parameters, multiply-adds and bytes, the number of operations, and the shape of the result of
    its last operation (NaN where several are last and differ). Its operation says what the block computes,
    `block:attention+4*linear`; a block of one operation keeps its name.

    Args:
        architectures: Imported models; a table's are `table.architectures`.
        depth: 1 for the outermost blocks; with 2, those that are divided are shown as their parts, and so on.
    """
    if not len(architectures):
        return architectures
    return ArchitectureSet.from_architectures([_coarse(each, depth) for each in architectures])


def _coarse(model: Architecture, depth: int) -> Architecture:
    blocks = leaves(blocks_of(model, depth))
    owner = [0] * len(model.ops)
    for number, block in enumerate(blocks):
        for node in block.nodes:
            owner[node] = number
    edges = {(owner[source], owner[target]) for source, target in model.edges if owner[source] != owner[target]}
    attributes = {OPERATIONS: [float(len(block.nodes)) for block in blocks]}
    for name in SUMMED:
        if name in model.attributes:
            attributes[name] = block_sums(model.attributes[name], blocks)
    shapes = {name: values for name, values in model.attributes.items() if name.startswith("shape_")}
    return Architecture(
        tuple(block.kind for block in blocks),
        tuple(sorted(edges)),
        attributes | _last_shapes(model, blocks, owner, shapes),
    )


def leaves(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without parts, in order."""
    return [leaf for block in blocks for leaf in (leaves(block.parts) if block.parts else [block])]


def block_sums(values: Sequence[float], blocks: Sequence[Block]) -> list[float]:
    """The sum of a node attribute over each block: NaN if no node has it."""
    found = []
    for block in blocks:
        own = np.array([values[node] for node in block.nodes], np.float64)
        known = own[~np.isnan(own)]
        found.append(float(known.sum()) if len(known) else float("nan"))
    return found


def _last_shapes(
    model: Architecture, blocks: Sequence[Block], owner: Sequence[int], shapes: Mapping[str, Sequence[float]]
) -> dict[str, list[float]]:
    """The shape of each block's last nodes, which are those without a successor in the block, if they all agree."""
    inner = {source for source, target in model.edges if owner[source] == owner[target]}
    found: dict[str, list[float]] = {name: [] for name in shapes}
    for block in blocks:
        last = [node for node in block.nodes if node not in inner]
        for name, values in shapes.items():
            own = {values[node] for node in last}
            found[name].append(own.pop() if len(own) == 1 else float("nan"))
    return found
