"""The neighbours of an architecture in its search space, and their differences from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from archflow.graph import Architecture
from archflow.predict.explain.changes import (
    Changed,
    Difference,
    attribute_change,
    bypassed,
    edge_change,
    node_change,
    operation_change,
)
from archflow.predict.explain.contract import Space

LARGEST = 64
"""In larger graphs no change is looked for by renumbering nodes; they have spaces that keep the numbering."""


def neighbouring_changes(architecture: Architecture, space: Space) -> Changed:
    """The neighbours of an architecture in its search space, with the difference of each.

    Raises:
        ArchflowError: If the architecture is not of the space.
    """
    around = space.neighbours(architecture)
    renumbered: dict[str, Difference] | None = None
    found = []
    for other in around:
        difference = same_numbering(architecture, other)
        if difference is None:
            renumbered = _by_hash(architecture, around.vocabulary.ops) if renumbered is None else renumbered
            difference = renumbered.get(other.hash) or _added(architecture, other) or _several(architecture, other)
        found.append(difference)
    return found, around


def same_numbering(architecture: Architecture, other: Architecture) -> Difference | None:
    """The difference between architectures with the same numbering of nodes; None if it is not a single change."""
    if len(other.ops) != len(architecture.ops):
        return _length(architecture, other)
    nodes = [node for node, (a, b) in enumerate(zip(architecture.ops, other.ops, strict=True)) if a != b]
    gone, new = set(architecture.edges) - set(other.edges), set(other.edges) - set(architecture.edges)
    values = _attributes(architecture, other)
    if len(nodes) == 1 and not gone and not new and set(values) <= set(nodes):
        return operation_change(nodes[0], architecture.ops[nodes[0]], other.ops[nodes[0]])
    if not nodes and not gone and not new and len(values) == 1:
        ((node, changed),) = values.items()
        return attribute_change(node, architecture.ops[node], changed)
    if nodes or values or max(len(gone), len(new)) != 1:
        return None
    if gone and new:
        (before,), (after,) = gone, new
        text = f"edge {before[0]} → {before[1]} becomes {after[0]} → {after[1]}"
        return Difference("edge", (), text, before)
    return edge_change(*gone) if gone else _edge_added(*new)


def _length(architecture: Architecture, other: Architecture) -> Difference | None:
    """The difference if one architecture is the other without a node."""
    if len(other.ops) == len(architecture.ops) - 1:
        for node, op in enumerate(architecture.ops):
            if _alike(bypassed(architecture, [node]), other):
                return node_change(node, op)
    if len(other.ops) == len(architecture.ops) + 1:
        for node, op in enumerate(other.ops):
            if _alike(bypassed(other, [node]), architecture):
                before = [source for source, target in other.edges if target == node]
                return Difference("node", (), f"{op} added after node {before[0]}" if before else f"{op} added first")
    return None


def _alike(one: Architecture, other: Architecture) -> bool:
    """Whether operations and edges are the same; attributes that describe a position may differ."""
    return one.ops == other.ops and set(one.edges) == set(other.edges)


def _attributes(architecture: Architecture, other: Architecture) -> Mapping[int, list[tuple[str, float, float]]]:
    """By node, the attributes with different values: their name, before and after."""
    nan, found = (float("nan"),) * len(architecture.ops), {}
    for name in sorted({*architecture.attributes, *other.attributes}):
        pairs = zip(architecture.attributes.get(name, nan), other.attributes.get(name, nan), strict=True)
        for node, (before, after) in enumerate(pairs):
            if before != after and not (before != before and after != after):
                found.setdefault(node, []).append((name, before, after))
    return found


def _by_hash(architecture: Architecture, operations: tuple[str, ...]) -> dict[str, Difference]:
    """Single changes by the hash of their results, for spaces that renumber the nodes of neighbours."""
    count, edges = len(architecture.ops), architecture.edges
    if count > LARGEST:
        return {}
    found: dict[str, Difference] = {}

    def add(ops: tuple[str, ...], changed: tuple[tuple[int, int], ...], difference: Difference) -> None:
        found.setdefault(Architecture(ops, changed, architecture.attributes).hash, difference)

    for edge in edges:
        add(architecture.ops, tuple(each for each in edges if each != edge), edge_change(edge))
    for node, before in enumerate(architecture.ops):
        for op in operations:
            if op != before:
                ops = (*architecture.ops[:node], op, *architecture.ops[node + 1 :])
                add(ops, edges, operation_change(node, before, op))
    place = {node: number for number, node in enumerate(architecture.topological_order)}
    for source in range(count):
        for target in range(count):
            if place[source] < place[target] and (source, target) not in edges:
                add(architecture.ops, (*edges, (source, target)), _edge_added((source, target)))
    for node, op in enumerate(architecture.ops):
        if count > 1:
            found.setdefault(bypassed(architecture, [node]).hash, node_change(node, op))
    return found


def _added(architecture: Architecture, other: Architecture) -> Difference | None:
    """The difference if the other architecture has one more node, however its nodes are numbered."""
    if len(other.ops) != len(architecture.ops) + 1 or len(other.ops) > LARGEST:
        return None
    for node, op in enumerate(other.ops):
        into = sum(target == node for _, target in other.edges)
        out = sum(source == node for source, _ in other.edges)
        rest = [edge for edge in other.edges if node not in edge]
        kept = tuple((a - (a > node), b - (b > node)) for a, b in rest)
        ops = (*other.ops[:node], *other.ops[node + 1 :])
        if into and out and Architecture(ops, kept).hash == Architecture(architecture.ops, architecture.edges).hash:
            return Difference("node", (), f"{op} added")
        if into and out and bypassed(other, [node]).hash == architecture.hash:
            return Difference("node", (), f"{op} added on an edge")
    return None


def _several(architecture: Architecture, other: Architecture) -> Difference:
    """The difference in words if it is not a single change: the operations that are added and removed."""
    before, after = Counter(architecture.ops), Counter(other.ops)
    more = [f"+{count} {op}" for op, count in sorted((after - before).items())]
    fewer = [f"-{count} {op}" for op, count in sorted((before - after).items())]
    edges = len(other.edges) - len(architecture.edges)
    wiring = [f"{edges:+d} edges"] if edges else []
    return Difference("several", (), ", ".join([*more, *fewer, *wiring]) or "other edges")


def _edge_added(edge: tuple[int, int]) -> Difference:
    return Difference("edge", (), f"edge {edge[0]} → {edge[1]} added")
