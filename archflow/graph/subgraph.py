"""Parts of graphs, a whole set at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.ragged import pointer

Mask = NDArray[np.bool_]


def induced(architectures: ArchitectureSet, keep: Mask) -> ArchitectureSet:
    """The sub-graphs on the nodes that keep (V,) marks, at least one of every architecture, in their old order."""
    kept_before = pointer(keep)
    source, target = architectures.edge_nodes
    edges = keep[source] & keep[target]
    node_ptr = kept_before[architectures.node_ptr]
    first = node_ptr[architectures.edge_owner[edges]]
    return ArchitectureSet(
        architectures.vocabulary,
        architectures.op[keep],
        node_ptr,
        kept_before[source[edges]] - first,
        kept_before[target[edges]] - first,
        pointer(edges)[architectures.edge_ptr],
        validate=False,
    )


def without_edges(architectures: ArchitectureSet, gone: Mask) -> ArchitectureSet:
    """All nodes, and the edges that gone (E,) does not mark."""
    return ArchitectureSet(
        architectures.vocabulary,
        architectures.op,
        architectures.node_ptr,
        architectures.edge_src[~gone],
        architectures.edge_dst[~gone],
        pointer(~gone)[architectures.edge_ptr],
        validate=False,
    )
