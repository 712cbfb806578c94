"""Connected components: which nodes of a graph hang together, whatever the direction of their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.graph.ragged import pointer, segment_reduce

if TYPE_CHECKING:
    from archflow.graph.architecture_set import ArchitectureSet


def components(architectures: ArchitectureSet) -> NDArray[np.int32]:
    """(V,) number of every node's component within its architecture, in order of the components' first nodes.

    Every node knows a node of its component, at first itself, and takes on the lowest that a neighbour knows; what
    that one knows is as good, so ways double from sweep to sweep.
    """
    adjacency, starts = architectures.undirected, architectures.node_ptr[:-1]
    neighbour = adjacency.source + np.repeat(starts, np.diff(adjacency.edge_ptr))
    bounds = pointer(adjacency.degree)
    nodes = np.arange(len(architectures.op))
    lowest = nodes
    while True:
        lower = np.minimum(lowest, segment_reduce(np.minimum, lowest[neighbour], bounds, len(nodes)))
        lower = lower[lower]
        if np.array_equal(lower, lowest):
            break
        lowest = lower
    begun = pointer(lowest == nodes)
    number = begun[lowest] - np.repeat(begun[starts], architectures.node_counts)
    return number.astype(np.int32)
