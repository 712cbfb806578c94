"""Order in a set of graphs: topological levels, and the checks that make levels possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.graphs import Graphs
from archflow.graph.ragged import pointer, positions


def levels(graphs: Graphs) -> NDArray[np.int32]:
    """(V,) longest path in edges that ends at every node, all architectures at once, in linear time.

    Level by level: a node is due when the last of its predecessors is done. Raises ArchflowError, naming the row, if a
    graph has a cycle, whose nodes are never due.
    """
    source, target = graphs.edge_nodes
    nodes = len(graphs.op)
    if (source[1:] < source[:-1]).any():
        target = target[np.argsort(source, kind="stable")]
    degree = np.bincount(source, minlength=nodes)
    first = pointer(degree)
    missing = np.bincount(target, minlength=nodes)
    level = np.zeros(nodes, np.int32)
    due, depth = np.flatnonzero(missing == 0), 0
    while len(due):
        level[due] = depth
        depth += 1
        reached = target[positions(first[due], degree[due], pointer(degree[due]))]
        np.subtract.at(missing, reached, 1)
        ready = np.sort(reached[missing[reached] == 0])
        due = ready[np.diff(ready, prepend=-1) > 0]
    if missing.any():
        row = int(np.searchsorted(graphs.node_ptr, np.argmax(missing > 0), side="right")) - 1
        raise ArchflowError(f"row {row}: the graph has a cycle; remove one of its edges")
    return level


def reachability(graphs: Graphs, depth: int) -> NDArray[np.bool_]:
    """(N, L, L) whether a path of at least one edge leads from node i to node j, L nodes in the largest architecture.

    depth: edges on the longest path of all.

    Places behind an architecture's last node are False.
    """
    largest = int(graphs.node_counts.max(initial=0))
    paths = np.zeros((len(graphs), largest, largest), bool)
    paths[graphs.edge_owner, graphs.edge_src, graphs.edge_dst] = True
    for _ in range(max(1, depth).bit_length()):
        # Doubles the length of the paths that are known.
        paths |= np.matmul(paths.astype(np.float32), paths.astype(np.float32)) > 0
    return paths


def validate(graphs: Graphs) -> None:
    """Raise ArchflowError, naming the row, unless every row is a DAG of known operations."""
    node_ptr, edge_ptr = graphs.node_ptr, graphs.edge_ptr
    op, source, target = graphs.op, graphs.edge_src, graphs.edge_dst
    for name, bounds, length in (("node_ptr", node_ptr, len(op)), ("edge_ptr", edge_ptr, len(source))):
        if len(bounds) == 0 or bounds[0] != 0 or bounds[-1] != length or (np.diff(bounds) < 0).any():
            raise ArchflowError(f"architecture set: {name} must rise from 0 to the {length} entries it divides")
    if len(node_ptr) != len(edge_ptr) or len(source) != len(target):
        raise ArchflowError("architecture set: nodes, edge sources and edge targets are of different lengths")
    _refuse(np.diff(node_ptr) == 0, "it has no node; give at least one operation")
    unknown = (op < 0) | (op >= len(graphs.vocabulary))
    _refuse(unknown, "an operation id is not in the vocabulary", node_ptr)
    size = np.repeat(np.diff(node_ptr), np.diff(edge_ptr))
    outside = (source < 0) | (target < 0) | (source >= size) | (target >= size)
    _refuse(outside, "an edge points outside the graph; node indices count from 0 within each row", edge_ptr)
    _refuse(source == target, "a node has an edge to itself; remove it", edge_ptr)
    start = np.repeat(node_ptr[:-1], np.diff(edge_ptr))
    pair = (source + start) * max(len(op), 1) + target + start
    unique, first = np.unique(pair, return_index=True)
    if len(unique) < len(pair):
        twice = np.ones(len(pair), bool)
        twice[first] = False
        _refuse(twice, "an edge is given twice; give it once", edge_ptr)
    # Edges that all go forward cannot form a cycle: the common case needs no sweep.
    if (source > target).any():
        levels(graphs)


def _refuse(bad: NDArray[np.bool_], what: str, bounds: NDArray[np.int64] | None = None) -> None:
    if bad.any():
        entry = int(np.argmax(bad))
        row = entry if bounds is None else int(np.searchsorted(bounds, entry, side="right")) - 1
        raise ArchflowError(f"row {row}: {what}")
