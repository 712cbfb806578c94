"""Isomorphism-invariant hashes and labels for a whole set at once (Weisfeiler-Leman colour refinement)."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from archflow.graph.attributes import name_digest
from archflow.graph.graphs import Graphs
from archflow.graph.ragged import Ints, pointer, positions, segment_reduce


def hashes(graphs: Graphs) -> NDArray[np.uint64]:
    """(N,) 64-bit hashes, equal for isomorphic architectures: each digests the multiset of its nodes' `colours`.

    Graphs that colour refinement cannot distinguish collide; among directed acyclic graphs with a source and labelled
    nodes these are exotic. The cell benchmarks have none (tests count their classes), but DARTS cells in which a node
    applies both operations to one feature map can collide; `archflow.spaces.DARTS.canonical` is exact.
    """
    counts = graphs.node_counts.astype(np.uint64)
    return _mix(_sum(_mix(colours(graphs)), graphs.node_ptr) + counts)


LARGE = 1024
"""Graphs with more nodes get fewer rounds of refinement than nodes, since that would take quadratic time."""

ROUNDS = 32
"""Rounds for such a large graph, after the sweeps that reach from end to end."""


def colours(graphs: Graphs) -> NDArray[np.uint64]:
    """(V,) refined colours of the nodes, equal for nodes that an isomorphism maps to each other.

    A colour starts as a digest of the operation's name and the node's attributes. It is refined by the multisets of the
    predecessors' and successors' colours, for as many rounds as the graph has nodes. In a graph of more than `LARGE`
    nodes, a colour starts as the result of `_swept` on the digest, and is refined for `ROUNDS` rounds.
    """
    digests = [
        int.from_bytes(hashlib.blake2b(op.encode(), digest_size=8).digest(), "little") for op in graphs.vocabulary.ops
    ]
    start = np.array(digests, np.uint64)[graphs.op] + _attribute_digests(graphs)
    source, target = graphs.edge_nodes
    is_large = (graphs.node_counts > LARGE)[graphs.node_owner]
    if is_large.any():
        number, edges = np.cumsum(is_large) - 1, is_large[source]
        ends = number[source[edges]].tolist(), number[target[edges]].tolist()
        start[is_large] = _swept(start[is_large].tolist(), *ends)
    # Graphs with the most rounds come first, so that each round refines a prefix of the nodes.
    rounds = np.where(graphs.node_counts > LARGE, ROUNDS, graphs.node_counts)
    graph = np.argsort(-rounds, kind="stable")
    order = positions(graphs.node_ptr[graph], graphs.node_counts[graph], pointer(graphs.node_counts[graph]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    source, target = rank[source], rank[target]
    colour, rounds = start[order], np.repeat(rounds[graph], graphs.node_counts[graph])
    into, out_of = (_grouped(a, b, len(colour)) for a, b in ((target, source), (source, target)))
    bounds = np.searchsorted(-rounds, -np.arange(int(rounds.max(initial=0))))
    for count in bounds.tolist():
        now = colour[:count]
        before, behind = (_sum(_mix(now)[other[: ptr[count]]], ptr[: count + 1]) for other, ptr in (into, out_of))
        colour[:count] = _mix(_mix(now + _ODD) + _mix(before + _EVEN) * _ODD + _mix(behind + _ODD) * _STAR)
    return colour[rank]


def _swept(colour: list[int], source: list[int], target: list[int]) -> list[int]:
    """Refine colours along the edges from the first nodes to the last, and then backwards.

    Each node's colour then depends on all its ancestors and descendants. This takes time linear in nodes and edges.

    Args:
        colour: (V,) colours of the nodes.
        source, target: (E,) the edges of graphs without cycles.
    """
    for begins, ends in ((source, target), (target, source)):
        behind: list[list[int]] = [[] for _ in colour]
        missing = [0] * len(colour)
        for begin, end in zip(begins, ends, strict=True):
            behind[begin].append(end)
            missing[end] += 1
        received = [0] * len(colour)
        due = [node for node, count in enumerate(missing) if count == 0]
        while due:
            node = due.pop()
            colour[node] = _mix_one(colour[node] + _mix_one(received[node] + int(_ODD)) * int(_STAR))
            sent = _mix_one(colour[node])
            for other in behind[node]:
                received[other] += sent
                missing[other] -= 1
                if missing[other] == 0:
                    due.append(other)
    return colour


def canonical_labels(graphs: Graphs, levels: NDArray[np.int32]) -> Ints:
    """(V,) label of each node: how many nodes of its architecture precede it in the canonical order.

    The order is by topological level, operation id and refined colour. Nodes that agree in all three (above all, nodes
    that a symmetry of the graph exchanges) share a label, so labels do not depend on how the nodes are numbered.
    """
    row = graphs.node_owner
    keys = (row, levels, graphs.op, colours(graphs))
    order = np.lexsort(keys[::-1])
    first = np.arange(len(order))
    repeats = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    first[1:][repeats] = 0
    labels = np.empty_like(first)
    labels[order] = np.maximum.accumulate(first) - graphs.node_ptr[:-1][row[order]]
    return labels


def _attribute_digests(graphs: Graphs) -> NDArray[np.uint64] | np.uint64:
    """(V,) sum of the digests of each node's attributes, independent of their order; 0 for a node without any."""
    if graphs.attributes is None:
        return np.uint64(0)
    total = np.zeros(len(graphs.op), np.uint64)
    for name, values in zip(graphs.attribute_names, graphs.attributes.T, strict=True):
        bits = (values + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0.0 becomes 0.0
        total += np.where(np.isnan(values), np.uint64(0), _mix(_mix(bits + _ODD) + name_digest(name)))
    return total


_ODD = np.uint64(0x9E3779B97F4A7C15)
_EVEN = np.uint64(0xBEA225F9EB34556D)
_STAR = np.uint64(0xD1342543DE82EF95)
_ALL = (1 << 64) - 1


def _grouped(key: NDArray, other: NDArray, nodes: int) -> tuple[NDArray, NDArray[np.int64]]:
    order = np.argsort(key, kind="stable")
    return other[order], pointer(np.bincount(key, minlength=nodes))


def _sum(values: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint64]:
    # Wrapping addition is commutative, so the order of a node's neighbours does not matter.
    return segment_reduce(np.add, values, bounds, np.uint64(0))


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _mix_one(x: int) -> int:
    """`_mix` of one number, taken modulo 2^64."""
    x &= _ALL
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _ALL
    return x ^ (x >> 31)
