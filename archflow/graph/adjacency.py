"""Edges grouped by the node that receives the message."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archflow.graph.graphs import Graphs
from archflow.graph.ragged import Ints, pointer


@dataclass(frozen=True)
class Adjacency:
    """The E edges of a whole set, sorted by target, then source, so that a node's incoming edges are contiguous.

    source, target: (E,) node indices local to their architecture.
    edge_ptr: (N+1,) row boundaries of the architectures' edges. degree: (V,) incoming edges of each node.
    by_source: (E,) the same edges sorted by source, then target, as positions local to their architecture.
    out_degree: (V,) outgoing edges of each node.

    With `by_source`, the backward pass of a gather is a segment sum too, instead of a scattered one.
    """

    source: Ints
    target: Ints
    edge_ptr: Ints
    degree: Ints
    by_source: Ints
    out_degree: Ints

    @classmethod
    def of(cls, graphs: Graphs, *, undirected: bool) -> Adjacency:
        """Compute the adjacency of a set; `undirected` adds the reverse of every edge."""
        counts = graphs.edge_counts
        source, target = graphs.edge_nodes
        if undirected:
            source, target = np.concatenate([source, target]), np.concatenate([target, source])
            counts = 2 * counts
        order = np.lexsort((source, target))
        source, target = source[order], target[order]
        nodes = len(graphs.op)
        edge_ptr = pointer(counts)
        first_edge = np.repeat(edge_ptr[:-1], counts)
        first_node = np.repeat(graphs.node_ptr[:-1], counts)
        return cls(
            source - first_node,
            target - first_node,
            edge_ptr,
            np.bincount(target, minlength=nodes),
            np.lexsort((target, source)) - first_edge,
            np.bincount(source, minlength=nodes),
        )
