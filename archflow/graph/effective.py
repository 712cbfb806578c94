"""The part of an architecture that has an effect, and the forms in which encoders can see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.ragged import pointer, positions
from archflow.graph.subgraph import induced, without_edges
from archflow.graph.topology import reached

ZEROS = ("none",)
"""Operations that output zeros for any input: NAS-Bench-201's and DARTS' `none`."""

IDENTITIES = ("skip_connect",)
"""Operations that output their input: NAS-Bench-201's and DARTS' `skip_connect`."""


def effective(architectures: ArchitectureSet, zeros: Sequence[str] = ZEROS) -> ArchitectureSet:
    """Remove nodes that cannot affect the output.

    These are the nodes whose operation outputs zeros, and the nodes that are then on no path from a source to a sink.
    Sources and sinks are the nodes without predecessors and without successors; they stay, even if no path joins them.
    Architectures that differ only in dead parts become equal.
    """
    adjacency = architectures.adjacency
    begins, ends = adjacency.degree == 0, adjacency.out_degree == 0
    dead = _inner(architectures, zeros)
    source, target = architectures.edge_nodes
    alive = without_edges(architectures, dead[source] | dead[target])
    source, target = alive.edge_nodes
    from_begin = reached(len(dead), source, target, begins)
    to_end = reached(len(dead), target, source, ends)
    return induced(alive, (from_begin & to_end) | begins | ends)


def contracted(architectures: ArchitectureSet, identities: Sequence[str] = IDENTITIES) -> ArchitectureSet:
    """Replace identity nodes, and chains of them, by edges from every predecessor to every successor.

    Identities that are sources or sinks stay. Parallel edges collapse into one.
    """
    idle = _inner(architectures, identities)
    source, target = architectures.edge_nodes
    nodes = len(idle)
    within = without_edges(architectures, ~(idle[source] & idle[target]))
    behind, out_degree = target[np.argsort(source, kind="stable")], np.bincount(source, minlength=nodes)
    first = pointer(out_degree)
    # A pair, as one number: a node that stays, and one that gets its output directly or through identities.
    pairs = source * nodes + target
    pairs = pairs[~idle[source]]
    found = [pairs[~idle[pairs % nodes]]]
    pairs = pairs[idle[pairs % nodes]]
    for level in range(int(within.levels[idle].max(initial=-1)) + 1):
        due = within.levels[pairs % nodes] == level
        middle, origin = np.divmod(np.unique(pairs[due]), nodes)[::-1]
        degree = out_degree[middle]
        end = behind[positions(first[middle], degree, pointer(degree))]
        further = np.repeat(origin, degree) * nodes + end
        found.append(further[~idle[end]])
        pairs = np.concatenate([pairs[~due], further[idle[end]]])
    source, target = np.divmod(np.unique(np.concatenate(found)), max(nodes, 1))
    owner = architectures.node_owner[source]
    edge_ptr = np.searchsorted(owner, np.arange(len(architectures) + 1))
    place = architectures.node_place
    joined = architectures.replaced(edge_src=place[source], edge_dst=place[target], edge_ptr=edge_ptr)
    return induced(joined, ~idle)


def _inner(architectures: ArchitectureSet, operations: Sequence[str]) -> NDArray[np.bool_]:
    """(V,) nodes with one of the operations that are neither sources nor sinks."""
    ids = [i for i, op in enumerate(architectures.vocabulary.ops) if op in operations]
    adjacency = architectures.adjacency
    return np.isin(architectures.op, ids) & (adjacency.degree > 0) & (adjacency.out_degree > 0)


View = Callable[[ArchitectureSet], ArchitectureSet]

VIEWS: Mapping[str, View] = {
    "whole": lambda architectures: architectures,
    "effective": effective,
    "contracted": lambda architectures: contracted(effective(architectures)),
}
"""The forms in which an encoder can see architectures.

They are: unchanged, without parts that have no effect, and additionally with identities replaced by edges.
"""


def view(name: str) -> View:
    """Look up a form by its name. Raises ArchflowError, listing the forms, if it is unknown."""
    if name not in VIEWS:
        raise ArchflowError(f"view {name!r} is not one of {', '.join(VIEWS)}")
    return VIEWS[name]
