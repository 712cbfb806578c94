"""Isomorphism-invariant hashes of a whole set at once (Weisfeiler-Leman colour refinement)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.graph.ragged import pointer, segment_reduce

if TYPE_CHECKING:
    from archflow.graph.architecture_set import ArchitectureSet


def hashes(architectures: ArchitectureSet) -> NDArray[np.uint64]:
    """(N,) 64-bit hashes, equal for isomorphic architectures.

    Every node's colour starts as a digest of its operation's name and is refined, as many rounds as the graph has
    nodes, by the multisets of the colours before and behind it; the hash is the multiset of the final colours.
    Graphs that colour refinement cannot tell apart would collide; among directed acyclic graphs with a source and
    labelled nodes these are exotic. None are in the cell benchmarks (tests count their classes), but DARTS cells in which
    a node takes both operations from one feature map can collide: `archflow.spaces.DARTS.canonical` is exact.
    """
    digests = [
        int.from_bytes(hashlib.blake2b(op.encode(), digest_size=8).digest(), "little")
        for op in architectures.vocabulary.ops
    ]
    colour = np.array(digests, np.uint64)[architectures.op]
    start = np.repeat(architectures.node_ptr[:-1], architectures.edge_counts)
    source, target = architectures.edge_src + start, architectures.edge_dst + start
    into, out_of = (_grouped(a, b, len(colour)) for a, b in ((target, source), (source, target)))
    size = np.repeat(architectures.node_counts, architectures.node_counts)
    for round_ in range(int(size.max(initial=0))):
        before, behind = (_sum(_mix(colour)[other], bounds) for other, bounds in (into, out_of))
        refined = _mix(_mix(colour + _ODD) + _mix(before + _EVEN) * _ODD + _mix(behind + _ODD) * _STAR)
        colour = np.where(size > round_, refined, colour)
    return _mix(_sum(_mix(colour), architectures.node_ptr) + architectures.node_counts.astype(np.uint64))


_ODD = np.uint64(0x9E3779B97F4A7C15)
_EVEN = np.uint64(0xBEA225F9EB34556D)
_STAR = np.uint64(0xD1342543DE82EF95)


def _grouped(key: NDArray, other: NDArray, nodes: int) -> tuple[NDArray, NDArray[np.int64]]:
    order = np.argsort(key, kind="stable")
    return other[order], pointer(np.bincount(key, minlength=nodes))


def _sum(values: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint64]:
    # Wrapping addition is commutative: the order of a node's neighbours does not matter.
    return segment_reduce(np.add, values, bounds, np.uint64(0))


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
