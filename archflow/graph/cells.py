"""The cells of an architecture: disconnected parts of its graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph.adjacency import Adjacency
from archflow.graph.graphs import Graphs
from archflow.graph.ragged import Ints, pointer


def cells(graphs: Graphs, undirected: Adjacency) -> NDArray[np.int32]:
    """(V,) cell of each node, numbered within its architecture.

    Cells are the connected components with edges, in order of their first nodes. A node without edges, such as an
    unused input, belongs to the cell of the next node with edges, or of the previous one if there is no next; in an
    architecture without edges, all nodes belong to cell 0.
    """
    starts = graphs.node_ptr[graphs.node_owner]
    ends = graphs.node_ptr[graphs.node_owner + 1]
    nodes = np.arange(len(graphs.op))
    has_edge = undirected.degree > 0
    after = np.minimum.accumulate(np.where(has_edge, nodes, len(nodes))[::-1])[::-1]
    before = np.maximum.accumulate(np.where(has_edge, nodes, -1))
    companion = np.where(after < ends, after, np.where(before >= starts, before, nodes))
    lowest = _lowest_in_component(graphs, undirected)
    begun = pointer((lowest == nodes) & has_edge)
    return (begun[lowest[companion]] - begun[starts]).astype(np.int32)


def _lowest_in_component(graphs: Graphs, adjacency: Adjacency) -> Ints:
    """(V,) row of the first node in each node's connected component."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nodes = np.arange(len(graphs.op))
    if not len(adjacency.source):
        return nodes
    neighbour = adjacency.source + np.repeat(graphs.node_ptr[:-1], np.diff(adjacency.edge_ptr))
    links = csr_array((np.ones(len(neighbour)), neighbour, pointer(adjacency.degree)), (len(nodes), len(nodes)))
    count, component = connected_components(links, directed=False)
    lowest = np.empty(count, np.int64)
    lowest[component[::-1]] = nodes[::-1]  # of several values for one index, the last is kept
    return lowest[component]
