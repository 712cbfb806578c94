"""Many graphs as flat columns: what everything derived from them is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from archflow.graph import attributes as node_attributes
from archflow.graph.ragged import Ints, pointer
from archflow.graph.vocabulary import Vocabulary


class Graphs:
    """N graphs with V nodes and E edges in all. Nothing is checked; `ArchitectureSet` is the one that checks.

    Args:
        vocabulary: The operations that ids refer to.
        op: (V,) int32 operation id of every node.
        node_ptr: (N+1,) node rows of every graph.
        edge_src, edge_dst: (E,) int32 node indices local to their graph.
        edge_ptr: (N+1,) edge rows of every graph.
        attributes: (V, F) float32, NaN where an attribute does not apply; None if there are none.
        attribute_names: The names of the F columns.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        op: NDArray[np.int32],
        node_ptr: Ints,
        edge_src: NDArray[np.int32],
        edge_dst: NDArray[np.int32],
        edge_ptr: Ints,
        attributes: NDArray[np.float32] | None = None,
        attribute_names: tuple[str, ...] = (),
    ) -> None:
        self.vocabulary = vocabulary
        self.op, self.node_ptr = op, node_ptr
        self.edge_src, self.edge_dst, self.edge_ptr = edge_src, edge_dst, edge_ptr
        self.attributes, self.attribute_names = attributes, attribute_names

    @property
    def columns(self) -> dict[str, Any]:
        """The arguments of the constructor, by name."""
        names = ("vocabulary", "op", "node_ptr", "edge_src", "edge_dst", "edge_ptr", "attributes", "attribute_names")
        return {name: getattr(self, name) for name in names}

    def __len__(self) -> int:
        return len(self.node_ptr) - 1

    def attribute(self, name: str) -> NDArray[np.float32]:
        """(V,) one attribute of every node, NaN where it does not apply, also if no architecture has it."""
        if self.attributes is None or name not in self.attribute_names:
            return np.full(len(self.op), np.nan, np.float32)
        return self.attributes[:, self.attribute_names.index(name)]

    @cached_property
    def node_counts(self) -> Ints:
        """(N,) nodes of every architecture."""
        return np.diff(self.node_ptr)

    @cached_property
    def edge_counts(self) -> Ints:
        """(N,) edges of every architecture."""
        return np.diff(self.edge_ptr)

    @cached_property
    def node_owner(self) -> Ints:
        """(V,) row of the architecture that every node is of."""
        return np.repeat(np.arange(len(self)), self.node_counts)

    @cached_property
    def node_place(self) -> Ints:
        """(V,) place of every node within its architecture: what edges call it by."""
        return np.arange(len(self.op)) - self.node_ptr[self.node_owner]

    @cached_property
    def edge_owner(self) -> Ints:
        """(E,) row of the architecture that every edge is of."""
        return np.repeat(np.arange(len(self)), self.edge_counts)

    @cached_property
    def edge_nodes(self) -> tuple[Ints, Ints]:
        """Sources and targets (E,) of all edges, as rows of nodes among those of the whole set."""
        first = self.node_ptr[self.edge_owner]
        return self.edge_src + first, self.edge_dst + first

    @cached_property
    def op_counts(self) -> NDArray[np.int32]:
        """(N, |O|) how often every operation stands in every architecture."""
        width = len(self.vocabulary)
        cell = self.node_owner * width + self.op
        return np.bincount(cell, minlength=len(self) * width).reshape(len(self), width).astype(np.int32)


class Graph(Protocol):
    """One graph as an object."""

    @property
    def ops(self) -> tuple[str, ...]: ...

    @property
    def edges(self) -> tuple[tuple[int, int], ...]: ...

    @property
    def attributes(self) -> Mapping[str, Sequence[float]]: ...


def packed(graphs: Sequence[Graph], vocabulary: Vocabulary | None = None) -> Graphs:
    """Objects as columns; the vocabulary is that of their operations unless given.

    Raises:
        ArchflowError: for an operation that the given vocabulary lacks.
    """
    ops = list(chain.from_iterable(graph.ops for graph in graphs))
    vocabulary = vocabulary or Vocabulary.of(ops)
    edges = np.array([edge for graph in graphs for edge in graph.edges], np.int32).reshape(-1, 2)
    return Graphs(
        vocabulary,
        np.array([vocabulary.index(op) for op in ops], np.int32),
        pointer(np.array([len(graph.ops) for graph in graphs], np.int64)),
        edges[:, 0],
        edges[:, 1],
        pointer(np.array([len(graph.edges) for graph in graphs], np.int64)),
        *node_attributes.of_many([graph.attributes for graph in graphs], [len(graph.ops) for graph in graphs]),
    )
