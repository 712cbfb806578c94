"""What of an architecture has an effect, and the forms in which encoders can be shown it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.subgraph import induced, without_edges

ZEROS = ("none",)
"""Operations that give zeros, whatever comes in: NAS-Bench-201's and DARTS' `none`."""

IDENTITIES = ("skip_connect",)
"""Operations that give what comes in: NAS-Bench-201's and DARTS' `skip_connect`."""


def effective(architectures: ArchitectureSet, zeros: Sequence[str] = ZEROS) -> ArchitectureSet:
    """The architectures without what cannot reach their result: nodes whose operation gives zeros, and nodes that are
    on no path from a beginning to an end any more.

    Beginnings and ends are the nodes without predecessors, and without successors; they stay, also where no path
    joins them. Two architectures that differ in dead parts only come out equal.
    """
    adjacency = architectures.adjacency
    begins, ends = adjacency.degree == 0, adjacency.out_degree == 0
    dead = _inner(architectures, zeros)
    source, target = architectures.edge_nodes
    alive = without_edges(architectures, dead[source] | dead[target])
    row, place = alive.node_owner, alive.node_place
    paths = alive.reachability
    marked = np.zeros((2, *paths.shape[:2]), bool)
    marked[0, row, place], marked[1, row, place] = begins, ends
    from_begin = marked[0] | (paths & marked[0][:, :, None]).any(1)
    to_end = marked[1] | (paths & marked[1][:, None, :]).any(2)
    return induced(alive, (from_begin & to_end)[row, place] | begins | ends)


def contracted(architectures: ArchitectureSet, identities: Sequence[str] = IDENTITIES) -> ArchitectureSet:
    """The architectures with edges in the place of nodes that hand on what they get: one from every predecessor to
    every successor, also past several such nodes in a row. Those that begin or end an architecture stay.

    What comes in twice by different ways comes in once: a graph has an edge or has it not.
    """
    idle = _inner(architectures, identities)
    width = architectures.node_counts.max(initial=0)
    idle_at = np.zeros((len(architectures), width), bool)
    idle_at[architectures.node_owner, architectures.node_place] = idle
    joined = np.zeros((len(architectures), width, width), bool)
    joined[architectures.edge_owner, architectures.edge_src, architectures.edge_dst] = True
    for node in range(width):  # as in Warshall's algorithm: paths through the nodes so far
        through = idle_at[:, node]
        joined[through] |= joined[through, :, node, None] & joined[through, None, node, :]
    joined &= ~(idle_at[:, :, None] | idle_at[:, None, :])
    owner, source, target = np.nonzero(joined)
    edge_ptr = np.searchsorted(owner, np.arange(len(architectures) + 1))
    return induced(architectures.replaced(edge_src=source, edge_dst=target, edge_ptr=edge_ptr), ~idle)


def _inner(architectures: ArchitectureSet, operations: Sequence[str]) -> NDArray[np.bool_]:
    """(V,) nodes with one of the operations that neither begin nor end their architecture."""
    ids = [i for i, op in enumerate(architectures.vocabulary.ops) if op in operations]
    adjacency = architectures.adjacency
    return np.isin(architectures.op, ids) & (adjacency.degree > 0) & (adjacency.out_degree > 0)


View = Callable[[ArchitectureSet], ArchitectureSet]

VIEWS: Mapping[str, View] = {
    "whole": lambda architectures: architectures,
    "effective": effective,
    "contracted": lambda architectures: contracted(effective(architectures)),
}
"""The forms in which an encoder can be shown architectures: as they are, without what has no effect, and with
identities as edges besides."""


def view(name: str) -> View:
    """A form by its name. Raises ArchflowError that lists what there is."""
    if name not in VIEWS:
        raise ArchflowError(f"view {name!r} is none of {', '.join(VIEWS)}")
    return VIEWS[name]
