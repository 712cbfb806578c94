"""One architecture: a directed acyclic graph of named operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import attributes as node_attributes
from archflow.graph import hashing, notebook
from archflow.graph.graphs import packed
from archflow.printable import is_name, shown


@dataclass(frozen=True, eq=False, repr=False)
class Architecture:
    """A validated DAG of named operations. Immutable and hashable.

    Nodes that no input reaches, or that reach no output, are kept, since they are part of what the benchmark measured;
    `pruned()` drops them. Equal architectures have the same nodes in the same order; isomorphic architectures have the
    same `hash`.

    Args:
        ops: The operation of each node.
        edges: (source, target) node pairs.
        attributes: name -> one number per node, NaN where it does not apply. They are stored as float32, sorted by
            name; a column that applies to no node is dropped.

    Raises:
        ArchflowError: For no nodes, an empty operation name, an edge that points outside the graph or is not a pair of
            integers, a self-loop, an edge given twice, a cycle, or an attribute that is not one finite number or NaN
            per node. The message names the node, edge or attribute.
    """

    ops: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    attributes: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, what in (("ops", "operation names"), ("edges", "node pairs")):
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise ArchflowError(f"architecture: {name} {shown(given)} is not a list of {what}")
        object.__setattr__(self, "ops", tuple(self.ops))
        object.__setattr__(self, "edges", tuple(_node_pair(edge) for edge in self.edges))
        if not self.ops:
            raise ArchflowError("architecture: it has no nodes; give at least one operation")
        for node, op in enumerate(self.ops):
            if not is_name(op):
                raise ArchflowError(f"architecture: node {node} has no operation name ({shown(op)})")
        seen: set[tuple[int, int]] = set()
        for edge in self.edges:
            if not all(0 <= node < len(self.ops) for node in edge):
                raise ArchflowError(f"architecture: edge {edge} points outside the nodes 0..{len(self.ops) - 1}")
            if edge[0] == edge[1]:
                raise ArchflowError(f"architecture: node {edge[0]} has an edge to itself; remove it")
            if edge in seen:
                raise ArchflowError(f"architecture: edge {edge} is given twice; give it once")
            seen.add(edge)
        if len(self.topological_order) < len(self.ops):
            node = min(set(range(len(self.ops))).difference(self.topological_order))
            raise ArchflowError(f"architecture: node {node} lies on or behind a cycle; remove one of its edges")
        object.__setattr__(self, "attributes", node_attributes.of_one(self.attributes, len(self.ops)))

    @cached_property
    def _key(self) -> tuple:
        return self.ops, self.edges, node_attributes.comparable(self.attributes)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Architecture) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def to_json(self) -> dict[str, Any]:
        """The graph as plain JSON values, node by node; null where an attribute does not apply."""
        attributes = {
            name: [None if value != value else float(value) for value in values]
            for name, values in self.attributes.items()
        }
        return {"ops": list(self.ops), "edges": [list(edge) for edge in self.edges], "attributes": attributes}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Architecture:
        """Restore what `to_json` gave. Raises ArchflowError as the constructor does."""
        attributes = {
            name: [float("nan") if value is None else value for value in values]
            for name, values in about["attributes"].items()
        }
        return cls(tuple(about["ops"]), tuple(map(tuple, about["edges"])), attributes)

    def __repr__(self) -> str:
        attributes = f", attributes={dict(self.attributes)!r}" if self.attributes else ""
        return f"Architecture(ops={self.ops!r}, edges={self.edges!r}{attributes})"

    def _repr_html_(self) -> str:
        return notebook.one(self)

    def __reduce__(self) -> tuple:
        return Architecture, (self.ops, self.edges, dict(self.attributes))

    @cached_property
    def topological_order(self) -> tuple[int, ...]:
        """Node indices in an order in which every edge goes forward (Kahn's algorithm, ties by index)."""
        missing = [0] * len(self.ops)
        targets: list[list[int]] = [[] for _ in self.ops]
        for source, target in self.edges:
            missing[target] += 1
            targets[source].append(target)
        order = [node for node, count in enumerate(missing) if count == 0]
        for node in order:
            for target in targets[node]:
                missing[target] -= 1
                if missing[target] == 0:
                    order.append(target)
        return tuple(order)

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits, equal for isomorphic architectures (see `archflow.graph.hashing`)."""
        return f"{int(hashing.hashes(packed([self]))[0]):016x}"

    def relabelled(self, order: Iterable[int]) -> Architecture:
        """The same graph with node `order[i]` at position i. Raises ArchflowError if `order` is not a permutation."""
        try:
            order = [index(node) for node in order]
        except TypeError:
            raise ArchflowError(f"relabelled: {shown(order)} is not a list of node indices") from None
        if sorted(order) != list(range(len(self.ops))):
            raise ArchflowError(f"relabelled: {shown(order)} is not a permutation of the {len(self.ops)} nodes")
        position = {node: i for i, node in enumerate(order)}
        edges = sorted((position[source], position[target]) for source, target in self.edges)
        return self._of_nodes(order, edges)

    def pruned(self, source: str = "input", sink: str = "output") -> Architecture:
        """Drop the nodes that are on no path from a `source` to a `sink` operation.

        Raises ArchflowError if there is no such path.
        """
        reached = self._reach((i for i, op in enumerate(self.ops) if op == source), self.edges)
        reaching = self._reach((i for i, op in enumerate(self.ops) if op == sink), [(b, a) for a, b in self.edges])
        kept = sorted(reached & reaching)
        if not kept:
            raise ArchflowError(f"architecture: no path leads from {source!r} to {sink!r}")
        position = {node: i for i, node in enumerate(kept)}
        edges = [(position[a], position[b]) for a, b in self.edges if a in position and b in position]
        return self._of_nodes(kept, edges)

    def _of_nodes(self, nodes: list[int], edges: list[tuple[int, int]]) -> Architecture:
        """These nodes of this architecture, in this order, with other edges."""
        attributes = {name: [values[node] for node in nodes] for name, values in self.attributes.items()}
        return Architecture(tuple(self.ops[node] for node in nodes), tuple(edges), attributes)

    @staticmethod
    def _reach(start: Iterable[int], edges: Iterable[tuple[int, int]]) -> set[int]:
        targets: dict[int, list[int]] = {}
        for source, target in edges:
            targets.setdefault(source, []).append(target)
        frontier = list(start)
        reached = set(frontier)
        while frontier:
            for target in targets.get(frontier.pop(), ()):
                if target not in reached:
                    reached.add(target)
                    frontier.append(target)
        return reached


def _node_pair(edge: Any) -> tuple[int, int]:
    try:
        source, target = edge
        if isinstance(source, bool) or isinstance(target, bool):
            raise TypeError  # Python accepts True as an index, but nobody means it
        return index(source), index(target)
    except (TypeError, ValueError):
        raise ArchflowError(f"architecture: edge {shown(edge)} is not a pair of node indices") from None
