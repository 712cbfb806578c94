"""Edits of one architecture, each checked: the page shows no architecture that a table could not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.predict.explain.changes import degrees
from archflow.predict.explain.contract import Space
from archflow.printable import shown


def edited(before: Architecture, edit: Mapping[str, Any], space: Space | None = None) -> Architecture:
    """Change an architecture.

    Args:
        before: The architecture.
        edit: `kind` is "operation" (with `node`, `op`), "attribute" (`node`, `name`, `value`), "connect" or
            "disconnect" (`source`, `target`).
        space: The search space that it must not leave.

    Raises:
        ArchflowError: If the edit names a node that does not exist, leads to a cycle, leaves a node without its inputs
            or outputs, or leaves the space.
    """
    kind = edit["kind"]
    if kind == "operation":
        after = _with_operation(before, _node(before, edit["node"]), edit["op"])
    elif kind == "attribute":
        after = _with_attribute(before, _node(before, edit["node"]), edit["name"], edit["value"])
    else:
        edge = _node(before, edit["source"]), _node(before, edit["target"])
        after = _connected(before, edge) if kind == "connect" else _disconnected(before, edge)
    _check_ends(before, after)
    if space is not None and not within(after, space):
        raise ArchflowError(
            f"{space.name} has no such architecture; choose another edit, or do not stay within {space.name}"
        )
    return after


def _with_operation(before: Architecture, node: int, op: Any) -> Architecture:
    if not isinstance(op, str) or not op:
        raise ArchflowError("choose an operation")
    return replace(before, ops=(*before.ops[:node], op, *before.ops[node + 1 :]))


def _with_attribute(before: Architecture, node: int, name: Any, value: Any) -> Architecture:
    if name not in before.attributes:
        raise ArchflowError(f"attribute {shown(name)}: nodes have {', '.join(before.attributes) or 'no attributes'}")
    if not isinstance(value, int | float):
        raise ArchflowError(f"attribute {name}: give a number")
    values = list(before.attributes[name])
    if values[node] != values[node]:
        raise ArchflowError(f"node {node} ({before.ops[node]}) has no {name}; choose a node that has it")
    values[node] = float(value)
    return replace(before, attributes={**before.attributes, name: values})


def _connected(before: Architecture, edge: tuple[int, int]) -> Architecture:
    if edge in before.edges:
        raise ArchflowError(f"edge {edge[0]} → {edge[1]} is there already")
    try:
        return replace(before, edges=(*before.edges, edge))
    except ArchflowError:
        raise ArchflowError(f"edge {edge[0]} → {edge[1]} would close a cycle; data flows one way") from None


def _disconnected(before: Architecture, edge: tuple[int, int]) -> Architecture:
    if edge not in before.edges:
        raise ArchflowError(f"there is no edge {edge[0]} → {edge[1]}")
    return replace(before, edges=tuple(each for each in before.edges if each != edge))


def _check_ends(before: Architecture, after: Architecture) -> None:
    """No node may lose all its inputs or all its outputs."""
    for had, has, what in zip(degrees(before), degrees(after), ("input", "output"), strict=True):
        for node in range(len(after.ops)):
            if had[node] and not has[node]:
                raise ArchflowError(
                    f"node {node} ({after.ops[node]}) would have no {what}; connect it elsewhere before"
                )


def within(architecture: Architecture, space: Space) -> bool:
    """Whether a space has an architecture, as far as the space can tell."""
    contains = getattr(space, "contains", None)
    return contains is None or contains(architecture)


def _node(architecture: Architecture, node: Any) -> int:
    if not isinstance(node, int) or not 0 <= node < len(architecture.ops):
        raise ArchflowError(
            "choose a node" if node is None else f"node {shown(node)}: nodes are 0 to {len(architecture.ops) - 1}"
        )
    return node


def as_set(architecture: Architecture) -> ArchitectureSet:
    """The architecture as a set of one."""
    return ArchitectureSet.from_architectures([architecture])
