"""Edits that change the number of nodes: a new node between others, and a node that is removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.predict.explain.changes import bypassed, degrees


def with_node(
    before: Architecture, op: Any, sources: Sequence[int], targets: Sequence[int], attributes: Mapping[str, float]
) -> Architecture:
    """Add a node right after the last of its inputs; later nodes are numbered one higher.

    Args:
        before: The architecture.
        op: The operation of the new node.
        sources: Where its data come from.
        targets: Where its data go to.
        attributes: Numbers of the new node by name; the names that are missing do not apply to it.

    Raises:
        ArchflowError: If something is not chosen, or the new node would close a cycle.
    """
    if not isinstance(op, str) or not op:
        raise ArchflowError("new node: choose an operation")
    if not sources or not targets:
        raise ArchflowError("new node: choose where its data come from, and where they go to")
    place, nan = place_of(sources), float("nan")
    moved = [node + (node >= place) for node in range(len(before.ops))]
    edges = [(moved[source], moved[target]) for source, target in before.edges]
    edges += [(moved[source], place) for source in sources]
    edges += [(place, moved[target]) for target in targets]
    columns = {name: list(values) for name, values in before.attributes.items()}
    for name in attributes:
        columns.setdefault(name, [nan] * len(before.ops))
    for name, values in columns.items():
        values.insert(place, attributes.get(name, nan))
    try:
        return Architecture((*before.ops[:place], op, *before.ops[place:]), tuple(sorted(edges)), columns)
    except ArchflowError:
        way = " to ".join(", ".join(map(str, nodes)) for nodes in (targets, sources))
        raise ArchflowError(f"new node: it would close a cycle, since data flow from {way} already") from None


def without_node(before: Architecture, node: int) -> Architecture:
    """Remove a node and connect its inputs to its outputs; later nodes are numbered one lower.

    Raises:
        ArchflowError: If it is the only one without inputs, or the only one without outputs.
    """
    for edges, what in zip(degrees(before), ("input", "output"), strict=True):
        if not edges[node] and (edges == 0).sum() == 1:
            raise ArchflowError(f"node {node} ({before.ops[node]}) is the only {what} of the graph; it has to stay")
    return bypassed(before, [node])


def place_of(sources: Sequence[int]) -> int:
    """The number of a new node with these inputs."""
    return max(sources) + 1
