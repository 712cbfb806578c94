"""All single changes of one architecture: another operation, another attribute, a removed edge or a removed node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.subgraph import without_edges
from archflow.predict.explain.choices import Choices

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """The difference between an architecture and a changed one; see also `archflow.predict.explain.Change`.

    Attributes:
        gone: The node that is removed, -1 if none.
        after: For an operation, its new name.
    """

    kind: str
    nodes: tuple[int, ...]
    text: str
    edge: tuple[int, int] | None = None
    gone: int = -1
    after: str = ""


Changed = tuple[list[Difference], ArchitectureSet]
"""(C,) differences and the changed architectures."""


def possible_changes(architecture: Architecture, choices: Choices) -> Changed:
    """All single changes to a valid graph: operations and attributes that `choices` offers, removed edges and nodes.

    No change makes a node lose its last input or its last output.
    """
    vocabulary = Vocabulary(tuple(dict.fromkeys((*architecture.ops, *choices.operations))))
    base = ArchitectureSet.from_architectures([architecture], vocabulary)
    parts = [
        _operations(architecture, base, choices),
        _attributes(architecture, base, choices),
        _edges(architecture, base),
        _nodes(architecture, vocabulary),
    ]
    parts = [part for part in parts if part[0]]
    if not parts:
        return [], base.select(np.zeros(0, np.int64))
    differences = [difference for part, _ in parts for difference in part]
    return differences, ArchitectureSet.concatenate([changed for _, changed in parts])


def operation_change(node: int, before: str, after: str) -> Difference:
    """Describe the change of an operation."""
    return Difference("operation", (node,), f"node {node}: {before} → {after}", after=after)


def attribute_change(node: int, op: str, values: Sequence[tuple[str, float, float]]) -> Difference:
    """Describe the change of attributes, given by name with the values before and after."""
    each = ", ".join(f"{name} {before:g} → {after:g}" for name, before, after in values)
    return Difference("attribute", (node,), f"node {node} ({op}): {each}")


def edge_change(edge: tuple[int, int]) -> Difference:
    """Describe the removal of an edge."""
    return Difference("edge", (), f"edge {edge[0]} → {edge[1]} removed", edge)


def node_change(node: int, op: str) -> Difference:
    """Describe the removal of a node."""
    return Difference("node", (node,), f"node {node} ({op}) removed", gone=node)


def bypassed(architecture: Architecture, nodes: Sequence[int]) -> Architecture:
    """The architecture without these nodes; their inputs are connected to their outputs."""
    gone = set(nodes)
    before = {source for source, target in architecture.edges if target in gone and source not in gone}
    behind = {target for source, target in architecture.edges if source in gone and target not in gone}
    edges = {(source, target) for source, target in architecture.edges if source not in gone and target not in gone}
    edges |= {(source, target) for source in before for target in behind}
    kept = [node for node in range(len(architecture.ops)) if node not in gone]
    place = {node: number for number, node in enumerate(kept)}
    return Architecture(
        tuple(architecture.ops[node] for node in kept),
        tuple(sorted((place[source], place[target]) for source, target in edges)),
        {name: [values[node] for node in kept] for name, values in architecture.attributes.items()},
    )


def degrees(architecture: Architecture) -> tuple[Ints, Ints]:
    """(V,) numbers of edges into and out of each node."""
    source, target = np.array(architecture.edges, np.int64).reshape(-1, 2).T
    count = len(architecture.ops)
    return np.bincount(target, minlength=count), np.bincount(source, minlength=count)


def _operations(architecture: Architecture, base: ArchitectureSet, choices: Choices) -> Changed:
    pairs = [(node, op) for node in range(len(architecture.ops)) for op in choices.other_operations(node)]
    changed = base.select(np.zeros(len(pairs), np.int64))
    op = changed.op.copy()
    for row, (node, name) in enumerate(pairs):
        op[row * len(architecture.ops) + node] = base.vocabulary.index(name)
    return [operation_change(node, architecture.ops[node], name) for node, name in pairs], changed.with_ops(op)


def _attributes(architecture: Architecture, base: ArchitectureSet, choices: Choices) -> Changed:
    wanted = [
        (node, name, value)
        for node in range(len(architecture.ops))
        for name in base.attribute_names
        for value in choices.other_values(node, name)
    ]
    if not wanted or base.attributes is None:
        return [], base
    changed = base.select(np.zeros(len(wanted), np.int64))
    assert changed.attributes is not None
    values, differences = changed.attributes.copy(), []
    for row, (node, name, value) in enumerate(wanted):
        values[row * len(architecture.ops) + node, base.attribute_names.index(name)] = value
        before = architecture.attributes[name][node]
        differences.append(attribute_change(node, architecture.ops[node], [(name, before, value)]))
    return differences, changed.with_attributes(values, base.attribute_names)


def _edges(architecture: Architecture, base: ArchitectureSet) -> Changed:
    into, out = degrees(architecture)
    rows = [row for row, (source, target) in enumerate(architecture.edges) if out[source] > 1 and into[target] > 1]
    copies = base.select(np.zeros(len(rows), np.int64))
    gone = np.zeros(len(copies.edge_src), bool)
    gone[np.arange(len(rows)) * len(architecture.edges) + np.array(rows, np.int64)] = True
    return [edge_change(architecture.edges[row]) for row in rows], without_edges(copies, gone)


def _nodes(architecture: Architecture, vocabulary: Vocabulary) -> Changed:
    into, out = degrees(architecture)
    inner = np.flatnonzero((into > 0) & (out > 0)).tolist()
    changed = [bypassed(architecture, [node]) for node in inner]
    differences = [node_change(node, architecture.ops[node]) for node in inner]
    return differences, ArchitectureSet.from_architectures(changed, vocabulary)
