"""Pairs of architectures that are one elementary change apart, found by hashing, not by pairwise comparison.

Two graphs differ in one operation exactly if masking a node of each makes them isomorphic, and in one edge exactly if
removing an edge of one makes it isomorphic to the other. Most such nodes and edges are ruled out beforehand by what the
graphs must have in common: all operations but one, and the edges; or all operations, and all edges but one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer

Ints = NDArray[np.int64]

_NODES_AT_ONCE = 1_000_000
"""Largest number of nodes of changed graphs per chunk, which bounds memory: about 200 bytes per node."""


def one_change_apart(architectures: ArchitectureSet) -> tuple[Ints, Ints]:
    """Rows one operation or one edge apart, among N pairwise non-isomorphic architectures.

    Returns:
        Boundaries (N+1,) and neighbours (M,): row i has `neighbours[boundaries[i] : boundaries[i + 1]]`, ascending.
    """
    pairs = np.hstack([_same_but_for_a_node(architectures), _same_but_for_an_edge(architectures)])
    one, other = np.hstack([pairs, pairs[::-1]])
    one, other = np.divmod(np.unique(one * len(architectures) + other), len(architectures))
    return pointer(np.bincount(one, minlength=len(architectures))), other


def _same_but_for_a_node(architectures: ArchitectureSet) -> Ints:
    """(2, P) pairs of rows that differ in one operation."""
    ops = architectures.vocabulary.ops
    blank = max(ops, key=len) + "?"  # longer than any other name
    coded = architectures.recoded(Vocabulary((*ops, blank)))
    nodes = np.arange(len(coded.op))
    row = coded.node_owner
    weight = _weights(len(ops))
    edges_alone = coded.replaced(op=np.full_like(coded.op, len(ops)), attributes=None, attribute_names=()).hashes
    rest = edges_alone[row] + (coded.op_counts[:, :-1].astype(np.uint64) @ weight)[row] - weight[coded.op]
    nodes = nodes[_in_several_rows(rest, row)]
    hashes = [np.empty(0, np.uint64)]
    for some in _chunks(coded.node_counts[row[nodes]]):
        node = nodes[some]
        copies = coded.select(row[node])
        op = copies.op.copy()
        blanked = copies.node_ptr[:-1] + node - coded.node_ptr[row[node]]
        op[blanked] = len(ops)
        hashes.append(copies.with_ops(op, blanked).hashes)
    return _pairs(np.concatenate(hashes), row[nodes])


def _same_but_for_an_edge(architectures: ArchitectureSet) -> Ints:
    """(2, P) pairs of rows: an architecture, and the same without one of its edges."""
    row = architectures.edge_owner
    operations = architectures.op_counts.astype(np.uint64) @ _weights(len(architectures.vocabulary))
    # Odd, with many bits set, so that adding an edge is not confused with changing operations.
    edge = np.uint64(0x9E3779B97F4A7C15)
    have = operations + architectures.edge_counts.astype(np.uint64) * edge
    edges = np.flatnonzero(np.isin(have - edge, have)[row])
    order = np.argsort(architectures.hashes)
    known = architectures.hashes[order]
    found = [np.empty((2, 0), np.int64)]
    for some in _chunks(architectures.node_counts[row[edges]]):
        gone = edges[some]
        copies = architectures.select(row[gone])
        kept = np.ones(len(copies.edge_src), bool)
        kept[copies.edge_ptr[:-1] + gone - architectures.edge_ptr[row[gone]]] = False
        hashes = copies.replaced(
            edge_src=copies.edge_src[kept], edge_dst=copies.edge_dst[kept], edge_ptr=pointer(copies.edge_counts - 1)
        ).hashes
        place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        there = known[place] == hashes
        found.append(np.stack([row[gone][there], order[place[there]]]))
    return np.hstack(found)


def _pairs(hashes: NDArray[np.uint64], rows: Ints) -> Ints:
    """(2, P) all pairs of different rows (M,) with equal hashes (M,)."""
    order = np.lexsort((rows, hashes))
    hashes, rows = hashes[order], rows[order]
    found = [np.empty((2, 0), np.int64)]
    for apart in range(1, len(rows)):
        same = np.flatnonzero(hashes[:-apart] == hashes[apart:])
        if len(same) == 0:
            break
        found.append(np.stack([rows[same], rows[same + apart]]))
    pairs = np.hstack(found)
    return pairs[:, pairs[0] != pairs[1]]


def _in_several_rows(keys: NDArray[np.uint64], rows: Ints) -> NDArray[np.bool_]:
    """(M,) whether another row has the same key (M,)."""
    order = np.lexsort((rows, keys))
    _, start, group = np.unique(keys[order], return_index=True, return_inverse=True)
    end = np.append(start[1:], len(keys)) - 1
    several = np.empty(len(keys), bool)
    several[order] = (rows[order][start] != rows[order][end])[group]
    return several


def _weights(count: int) -> NDArray[np.uint64]:
    """Weights whose wrapping sums distinguish multisets of operations; a collision costs time but does no harm."""
    return np.random.default_rng(0).integers(0, 2**64, count, np.uint64)


def _chunks(sizes: Ints) -> Iterator[Ints]:
    """All indices in chunks of about `_NODES_AT_ONCE` nodes, by their sizes (M,)."""
    ends = np.cumsum(sizes) // _NODES_AT_ONCE
    return iter(np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(ends)) + 1) if len(sizes) else [])
