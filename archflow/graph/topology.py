"""Topology of a set of graphs: levels, reachability, and validation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.graphs import Graphs
from archflow.graph.ragged import Ints, pointer, positions

STEPS = 1000
"""The number of levels that are processed with arrays; deeper nodes are processed one by one, since a step with arrays
costs as much as a hundred single nodes."""


def levels(graphs: Graphs) -> NDArray[np.int32]:
    """(V,) length in edges of the longest path that ends at each node, for all architectures at once, in linear time.

    Nodes are processed level by level: a node is ready once all its predecessors are done. Raises ArchflowError, naming
    the row, if a graph has a cycle, whose nodes never become ready.
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
        if depth == STEPS:
            missing = _one_by_one(level, missing, first, target, due)
            break
        depth += 1
        reached = target[positions(first[due], degree[due], pointer(degree[due]))]
        np.subtract.at(missing, reached, 1)
        ready = np.sort(reached[missing[reached] == 0])
        due = ready[np.diff(ready, prepend=-1) > 0]
    if missing.any():
        row = int(np.searchsorted(graphs.node_ptr, np.argmax(missing > 0), side="right")) - 1
        raise ArchflowError(f"row {row}: the graph has a cycle; remove one of its edges")
    return level


def _one_by_one(level: NDArray[np.int32], missing: Ints, first: Ints, target: Ints, due: Ints) -> Ints:
    """Fill in the levels of all nodes that follow those that are due.

    Args:
        level: (V,) levels, final for nodes that are done or due.
        missing: (V,) number of predecessors that are not done.
        first, target: (V+1,), (E,) the successors of each node.
        due: Nodes whose predecessors are all done.

    Returns:
        (V,) the remaining values of `missing`.
    """
    found, left, begin, successors = level.tolist(), missing.tolist(), first.tolist(), target.tolist()
    stack = due.tolist()
    while stack:
        node = stack.pop()
        for successor in successors[begin[node] : begin[node + 1]]:
            found[successor] = max(found[successor], found[node] + 1)
            left[successor] -= 1
            if left[successor] == 0:
                stack.append(successor)
    level[:] = found
    return np.array(left)


def reached(nodes: int, source: Ints, target: Ints, start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(V,) the nodes marked in start (V,) and those reachable from them. Linear in nodes and edges.

    Args:
        nodes: V, the number of nodes.
        source, target: (E,) the edges.
        start: (V,) where paths begin.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    begins = np.flatnonzero(start)
    rows = np.concatenate([source, np.full(len(begins), nodes)])  # one extra node, before all others
    links = coo_array((np.ones(len(rows)), (rows, np.concatenate([target, begins]))), (nodes + 1, nodes + 1)).tocsr()
    found = np.zeros(nodes + 1, bool)
    found[breadth_first_order(links, nodes, return_predecessors=False)] = True
    return found[:-1]


@dataclass(frozen=True)
class Reachability:
    """For each node, which nodes of its architecture a path of at least one edge leads to, as bits.

    Attributes:
        words: (T,) uint64, the concatenated rows of all nodes; bit j of a row is the architecture's node j.
        bounds: (V+1,) row boundaries; a row has one word per 64 nodes of the architecture.
    """

    words: NDArray[np.uint64]
    bounds: Ints

    @classmethod
    def of(cls, graphs: Graphs, levels: NDArray[np.int32]) -> Reachability:
        """Compute it for a whole set.

        Rows of similar length are computed together, so that small architectures are not padded to the largest.
        """
        width = -(-graphs.node_counts // 64)
        bounds = pointer(width[graphs.node_owner])
        words = np.zeros(bounds[-1], np.uint64)
        kind = np.frexp(width)[1][graphs.node_owner]  # at most a factor of two apart
        source, target = graphs.edge_nodes
        for each in np.unique(kind):
            nodes = np.flatnonzero(kind == each)
            local = np.cumsum(kind == each) - 1
            edges = kind[source] == each
            rows = _closure(graphs.node_place[nodes], levels[nodes], local[source[edges]], local[target[edges]])
            own = bounds[nodes + 1] - bounds[nodes]
            words[positions(bounds[nodes], own, pointer(own))] = rows[np.arange(rows.shape[1]) < own[:, None]]
        return cls(words, bounds)

    def rows(self, nodes: Ints, columns: int) -> NDArray[np.bool_]:
        """(n, columns) rows of some nodes, False beyond their architecture's last node."""
        begin, width = self.bounds[nodes, None], -(-columns // 64)
        place = begin + np.arange(width)
        there = place < self.bounds[nodes + 1, None]
        words = np.where(there, self.words[np.where(there, place, 0)], np.uint64(0)).astype("<u8", copy=False)
        return np.unpackbits(words.view(np.uint8), axis=1, count=columns, bitorder="little").view(bool)


def _closure(place: Ints, level: NDArray[np.int32], source: Ints, target: Ints) -> NDArray[np.uint64]:
    """(V, W) bits of the nodes reachable from each, W words for the largest place (V,). Edges rise in level (V,)."""
    nodes = np.arange(len(place))
    own = np.zeros((len(place), int(place.max(initial=0)) // 64 + 1), np.uint64)
    own[nodes, place // 64] = np.uint64(1) << (place % 64).astype(np.uint64)
    bits = own.copy()
    # From the last level to the first: when a node is due, its successors are done.
    order = np.lexsort((source, -level[source]))
    source, target = source[order], target[order]
    steps = np.flatnonzero(np.diff(level[source], prepend=-1, append=-1))
    for begin, end in pairwise(steps):
        first = begin + np.flatnonzero(np.diff(source[begin:end], prepend=-1))
        bits[source[first]] |= np.bitwise_or.reduceat(bits[target[begin:end]], first - begin, axis=0)
    return bits & ~own


def validate(graphs: Graphs) -> None:
    """Raise ArchflowError, naming the row, unless every row is a DAG of known operations."""
    node_ptr, edge_ptr = graphs.node_ptr, graphs.edge_ptr
    op, source, target = graphs.op, graphs.edge_src, graphs.edge_dst
    for name, bounds, length in (("node_ptr", node_ptr, len(op)), ("edge_ptr", edge_ptr, len(source))):
        if len(bounds) == 0 or bounds[0] != 0 or bounds[-1] != length or (bounds[1:] < bounds[:-1]).any():
            raise ArchflowError(f"architecture set: {name} must rise from 0 to the {length} entries it divides")
    if len(node_ptr) != len(edge_ptr) or len(source) != len(target):
        raise ArchflowError("architecture set: nodes, edge sources and edge targets are of different lengths")
    _refuse(np.diff(node_ptr) == 0, "it has no nodes; give at least one operation")
    unknown = (op < 0) | (op >= len(graphs.vocabulary))
    _refuse(unknown, "an operation id is not in the vocabulary", node_ptr)
    size = np.repeat(np.diff(node_ptr), np.diff(edge_ptr))
    outside = (source < 0) | (target < 0) | (source >= size) | (target >= size)
    _refuse(outside, "an edge points outside the graph; node indices count from 0 within each row", edge_ptr)
    _refuse(source == target, "a node has an edge to itself; remove it", edge_ptr)
    start = np.repeat(node_ptr[:-1], np.diff(edge_ptr))
    pair = (source + start) * max(len(op), 1) + target + start
    if not (pair[1:] > pair[:-1]).all():  # edges in order cannot repeat: the common case needs no sorting
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
