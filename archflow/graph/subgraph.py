"""Subgraphs of a whole set at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.ragged import pointer

Mask = NDArray[np.bool_]


def induced(architectures: ArchitectureSet, keep: Mask) -> ArchitectureSet:
    """The subgraphs on the nodes marked in keep (V,), at least one per architecture, in their old order."""
    kept_before = pointer(keep)
    source, target = architectures.edge_nodes
    edges = keep[source] & keep[target]
    node_ptr = kept_before[architectures.node_ptr]
    first = node_ptr[architectures.edge_owner[edges]]
    return architectures.replaced(
        keep,
        node_ptr=node_ptr,
        edge_src=kept_before[source[edges]] - first,
        edge_dst=kept_before[target[edges]] - first,
        edge_ptr=pointer(edges)[architectures.edge_ptr],
    )


def without_edges(architectures: ArchitectureSet, gone: Mask) -> ArchitectureSet:
    """The same graphs without the edges marked in gone (E,)."""
    return architectures.replaced(
        edge_src=architectures.edge_src[~gone],
        edge_dst=architectures.edge_dst[~gone],
        edge_ptr=pointer(~gone)[architectures.edge_ptr],
    )
