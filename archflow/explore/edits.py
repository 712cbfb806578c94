"""Edits of one architecture, each checked: the page shows no architecture that a table could not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archflow.errors import ArchflowError
from archflow.explore.node_edits import place_of, with_node, without_node
from archflow.graph import Architecture, ArchitectureSet
from archflow.predict.explain.changes import (
    attribute_change,
    degrees,
    edge_change,
    node_change,
    operation_change,
)
from archflow.predict.explain.contract import Space
from archflow.printable import shown


def edited(before: Architecture, edit: Mapping[str, Any], space: Space | None = None) -> Architecture:
    """Change an architecture.

    Args:
        before: The architecture.
        edit: `kind` is "operation" (with `node`, `op`), "attribute" (`node`, `name`, `value`), "connect" or
            "disconnect" (`source`, `target`), "add" (`op`, `sources`, `targets`, `attributes` by name) or "remove"
            (`node`).
        space: The search space that it must not leave.

    Raises:
        ArchflowError: If the edit names a node that does not exist, leads to a cycle, removes the only input or output,
            leaves a node without its inputs or outputs, or leaves the space.
    """
    kind = edit["kind"]
    if kind == "operation":
        after = _with_operation(before, _node(before, edit["node"]), edit["op"])
    elif kind == "attribute":
        after = _with_attribute(before, _node(before, edit["node"]), edit["name"], edit["value"])
    elif kind == "add":
        sources, targets = (
            sorted({_node(before, each) for each in edit[name] or ()}) for name in ("sources", "targets")
        )
        after = with_node(before, edit["op"], sources, targets, edit["attributes"])
    elif kind == "remove":
        after = without_node(before, _node(before, edit["node"]))
    else:
        edge = _node(before, edit["source"]), _node(before, edit["target"])
        after = _connected(before, edge) if kind == "connect" else _disconnected(before, edge)
    _check_ends(before, after, former_nodes(before, edit))
    if space is not None and not within(after, space):
        raise ArchflowError(
            f"{space.name} has no such architecture; choose another edit, or do not stay within {space.name}"
        )
    return after


def former_nodes(before: Architecture, edit: Mapping[str, Any]) -> list[int]:
    """For each node after an edit that is possible, its number before; -1 for a new one."""
    nodes = list(range(len(before.ops)))
    if edit["kind"] == "add":
        nodes.insert(place_of(edit["sources"]), -1)
    elif edit["kind"] == "remove":
        del nodes[edit["node"]]
    return nodes


def in_words(before: Architecture, edit: Mapping[str, Any]) -> str:
    """What an edit that is possible does."""
    kind, node = edit["kind"], edit["node"]
    if kind == "operation":
        return operation_change(node, before.ops[node], edit["op"]).text
    if kind == "attribute":
        name = edit["name"]
        return attribute_change(node, before.ops[node], [(name, before.attributes[name][node], edit["value"])]).text
    if kind == "connect":
        return f"edge {edit['source']} → {edit['target']} added"
    if kind == "disconnect":
        return edge_change((edit["source"], edit["target"])).text
    if kind == "remove":
        place, text = node, node_change(node, before.ops[node]).text
    else:
        place = place_of(edit["sources"])
        text = f"node {place} ({edit['op']}) added"
    return f"{text}; later nodes are renumbered" if place < len(before.ops) - (kind == "remove") else text


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


def _check_ends(before: Architecture, after: Architecture, former: Sequence[int]) -> None:
    """No node may lose all its inputs or all its outputs."""
    for had, has, what in zip(degrees(before), degrees(after), ("input", "output"), strict=True):
        for node, old in enumerate(former):
            if old >= 0 and had[old] and not has[node]:
                raise ArchflowError(f"node {old} ({before.ops[old]}) would have no {what}; connect it elsewhere before")


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
