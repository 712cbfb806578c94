"""A node's position in its architecture, as node attributes that do not depend on how nodes are numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.attributes import POSITION
from archflow.graph.ragged import segment_reduce

INDEX = f"{POSITION}index"
POSITIONS = (f"{POSITION}from_input", f"{POSITION}to_output", f"{POSITION}depth_share", INDEX)
"""The names of the attributes that `with_positions` adds."""


def with_positions(architectures: ArchitectureSet) -> ArchitectureSet:
    """The same architectures with four more attributes. This takes time linear in nodes and edges.

    `position_from_input`: edges on the longest path to the node from a node without predecessors.
    `position_to_output`: edges on the longest path from the node to one without successors.
    `position_depth_share`: the first relative to the architecture's depth; 0 if there are no edges.
    `position_index`: the index of the node along an architecture that is a single path, NaN in any other. A set that
    already has an attribute of that name, because its space orders nodes in its own way, keeps its values.
    """
    backwards = architectures.replaced(edge_src=architectures.edge_dst, edge_dst=architectures.edge_src)
    level = architectures.levels.astype(np.float32)
    depth = np.repeat(np.maximum(architectures.depths, 1), architectures.node_counts)
    on_path = np.repeat(is_path(architectures), architectures.node_counts)
    given = architectures.attribute(INDEX)
    index = np.where(np.isnan(given) & on_path, level, given)
    kept = [name for name in architectures.attribute_names if name not in POSITIONS]
    columns = (*map(architectures.attribute, kept), level, backwards.levels, level / depth, index)
    return architectures.with_attributes(np.stack(columns, axis=1, dtype=np.float32), (*kept, *POSITIONS))


def is_path(architectures: ArchitectureSet) -> NDArray[np.bool_]:
    """(N,) whether an architecture is a single path through all its nodes."""
    source, target = architectures.edge_nodes
    nodes = len(architectures.op)
    degree = np.maximum(np.bincount(source, minlength=nodes), np.bincount(target, minlength=nodes))
    widest = segment_reduce(np.maximum, degree, architectures.node_ptr, 0)
    return (widest <= 1) & (architectures.edge_counts == architectures.node_counts - 1)
