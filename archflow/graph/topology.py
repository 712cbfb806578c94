"""Order in a set of graphs: topological levels, and the checks that make levels possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.ragged import pointer, segment_reduce

if TYPE_CHECKING:
    from archflow.graph.architecture_set import ArchitectureSet


def levels(architectures: ArchitectureSet) -> NDArray[np.int32]:
    """(V,) longest path in edges that ends at every node, all architectures at once.

    A level is final after as many sweeps over the edges as it is deep. Raises ArchflowError, naming the row, if a
    graph has a cycle: its levels would grow for ever.
    """
    source, target = architectures.edge_nodes
    if (target[1:] < target[:-1]).any():
        order = np.argsort(target, kind="stable")
        source, target = source[order], target[order]
    incoming = pointer(np.bincount(target, minlength=len(architectures.op)))
    level = np.zeros(len(architectures.op), np.int32)
    limit = int(architectures.node_counts.max(initial=1))
    for _ in range(limit):
        deeper = segment_reduce(np.maximum, level[source] + np.int32(1), incoming, np.int32(0))
        if np.array_equal(deeper, level):
            return level
        level = deeper
    on_cycle = np.flatnonzero(level >= np.repeat(architectures.node_counts, architectures.node_counts))
    row = int(np.searchsorted(architectures.node_ptr, on_cycle[0], side="right")) - 1
    raise ArchflowError(f"row {row}: the graph has a cycle; remove one of its edges")


def reachability(architectures: ArchitectureSet) -> NDArray[np.bool_]:
    """(N, L, L) whether a path of at least one edge leads from node i to node j, L nodes in the largest architecture.

    Places behind an architecture's last node are False.
    """
    largest = int(architectures.node_counts.max(initial=0))
    paths = np.zeros((len(architectures), largest, largest), bool)
    paths[architectures.edge_owner, architectures.edge_src, architectures.edge_dst] = True
    for _ in range(max(1, int(architectures.depths.max(initial=0))).bit_length()):
        # Doubles the length of the paths that are known.
        paths |= np.matmul(paths.astype(np.float32), paths.astype(np.float32)) > 0
    return paths


def validate(architectures: ArchitectureSet) -> None:
    """Raise ArchflowError, naming the row, unless every row is a DAG of known operations."""
    node_ptr, edge_ptr = architectures.node_ptr, architectures.edge_ptr
    op, source, target = architectures.op, architectures.edge_src, architectures.edge_dst
    for name, bounds, length in (("node_ptr", node_ptr, len(op)), ("edge_ptr", edge_ptr, len(source))):
        if len(bounds) == 0 or bounds[0] != 0 or bounds[-1] != length or (np.diff(bounds) < 0).any():
            raise ArchflowError(f"architecture set: {name} must rise from 0 to the {length} entries it divides")
    if len(node_ptr) != len(edge_ptr) or len(source) != len(target):
        raise ArchflowError("architecture set: nodes, edge sources and edge targets are of different lengths")
    _refuse(np.diff(node_ptr) == 0, "it has no node; give at least one operation")
    unknown = (op < 0) | (op >= len(architectures.vocabulary))
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
        levels(architectures)


def _refuse(bad: NDArray[np.bool_], what: str, bounds: NDArray[np.int64] | None = None) -> None:
    if bad.any():
        entry = int(np.argmax(bad))
        row = entry if bounds is None else int(np.searchsorted(bounds, entry, side="right")) - 1
        raise ArchflowError(f"row {row}: {what}")
