"""Many graphs as flat columns, from which everything derived is computed."""

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
    """N graphs with V nodes and E edges in total. Nothing is checked here; `ArchitectureSet` validates.

    Args:
        vocabulary: The operations that ids refer to.
        op: (V,) int32 operation id of each node.
        node_ptr: (N+1,) row boundaries of the graphs' nodes.
        edge_src, edge_dst: (E,) int32 node indices local to their graph.
        edge_ptr: (N+1,) row boundaries of the graphs' edges.
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
        """(V,) one attribute of each node, NaN where it does not apply, even if no architecture has it."""
        if self.attributes is None or name not in self.attribute_names:
            return np.full(len(self.op), np.nan, np.float32)
        return self.attributes[:, self.attribute_names.index(name)]

    @cached_property
    def node_counts(self) -> Ints:
        """(N,) number of nodes of each architecture."""
        return np.diff(self.node_ptr)

    @cached_property
    def edge_counts(self) -> Ints:
        """(N,) number of edges of each architecture."""
        return np.diff(self.edge_ptr)

    @cached_property
    def node_owner(self) -> Ints:
        """(V,) row of each node's architecture."""
        return np.repeat(np.arange(len(self)), self.node_counts)

    @cached_property
    def node_place(self) -> Ints:
        """(V,) index of each node within its architecture, as used by edges."""
        return np.arange(len(self.op)) - self.node_ptr[self.node_owner]

    @cached_property
    def edge_owner(self) -> Ints:
        """(E,) row of each edge's architecture."""
        return np.repeat(np.arange(len(self)), self.edge_counts)

    @cached_property
    def edge_nodes(self) -> tuple[Ints, Ints]:
        """Sources and targets (E,) of all edges, as node rows of the whole set."""
        first = self.node_ptr[self.edge_owner]
        return self.edge_src + first, self.edge_dst + first

    @cached_property
    def op_counts(self) -> NDArray[np.int32]:
        """(N, |O|) how often each operation occurs in each architecture."""
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
    """Pack objects into columns; without a vocabulary, that of their operations is used.

    Raises:
        ArchflowError: If the given vocabulary lacks an operation.
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
