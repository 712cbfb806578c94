"""What of an architecture has an effect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.subgraph import induced, without_edges

ZEROS = ("none",)
"""Operations that give zeros, whatever comes in: NAS-Bench-201's and DARTS' `none`."""


def effective(architectures: ArchitectureSet, zeros: Sequence[str] = ZEROS) -> ArchitectureSet:
    """The architectures without what cannot reach their result: nodes whose operation gives zeros, and nodes that are
    on no path from a beginning to an end any more.

    Beginnings and ends are the nodes without predecessors, and without successors; they stay, also where no path
    joins them. Two architectures that differ in dead parts only come out equal.
    """
    adjacency = architectures.adjacency
    begins, ends = adjacency.degree == 0, adjacency.out_degree == 0
    dead = np.isin(architectures.op, [i for i, op in enumerate(architectures.vocabulary.ops) if op in zeros])
    dead &= ~(begins | ends)
    start = np.repeat(architectures.node_ptr[:-1], architectures.edge_counts)
    passes = ~(dead[architectures.edge_src + start] | dead[architectures.edge_dst + start])
    alive = without_edges(architectures, ~passes)
    row = np.repeat(np.arange(len(alive)), alive.node_counts)
    place = np.arange(len(alive.op)) - alive.node_ptr[row]
    paths = alive.reachability
    marked = np.zeros((2, *paths.shape[:2]), bool)
    marked[0, row, place], marked[1, row, place] = begins, ends
    from_begin = marked[0] | (paths & marked[0][:, :, None]).any(1)
    to_end = marked[1] | (paths & marked[1][:, None, :]).any(2)
    return induced(alive, (from_begin & to_end)[row, place] | begins | ends)
