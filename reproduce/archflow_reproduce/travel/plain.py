"""A practitioner's plain encoding: operations one-hot by position, adjacency, node attributes, counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet

MOST_KINDS = 64
"""Largest number of kinds of nodes (operation with attributes) that are one-hot encoded; else operations alone are."""


def plain_encoding(architectures: ArchitectureSet) -> NDArray[np.float32]:
    """(N, F) without constant columns; NaN for an attribute that does not apply.

    A position is a node's index in the order of the table, or in topological order for files that follow it. The
    columns are: the numbers of nodes and edges, the frequency of each kind of node, for every position its kind one-hot
    and its attributes, and for every pair of positions whether an edge leads from one to the other.
    """
    count, size = len(architectures), int(architectures.node_counts.max(initial=0))
    row, place = architectures.node_owner, architectures.node_place
    kinds, kind = _kinds(architectures)
    one_hot = np.zeros((count, size, kinds), np.float32)
    one_hot[row, place, kind] = 1
    parts = [
        np.stack([architectures.node_counts, architectures.edge_counts], 1).astype(np.float32),
        one_hot.sum(1),
        one_hot.reshape(count, -1),
    ]
    if architectures.attributes is not None:
        numbers = np.full((count, size, architectures.attributes.shape[1]), np.nan, np.float32)
        numbers[row, place] = architectures.attributes
        parts.append(numbers.reshape(count, -1))
    adjacency = np.zeros((count, size, size), np.float32)
    owner = np.repeat(np.arange(count), architectures.edge_counts)
    adjacency[owner, architectures.edge_src, architectures.edge_dst] = 1
    parts.append(adjacency.reshape(count, -1))
    return without_constants(np.concatenate(parts, 1))


def without_constants(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, F) the columns that differ between rows; NaN is treated as a value."""
    filled = np.where(np.isnan(values), np.float32(np.inf), values)
    return values[:, (filled != filled[:1]).any(0)] if len(values) else values[:, :0]


def _kinds(architectures: ArchitectureSet) -> tuple[int, NDArray[np.int64]]:
    """The number of kinds of nodes, and (V,) the kind of every node."""
    operation = architectures.op.astype(np.int64)
    if architectures.attributes is not None:
        whole = np.column_stack([operation, np.nan_to_num(architectures.attributes.astype(np.float64), nan=-1e30)])
        found, kind = np.unique(whole, axis=0, return_inverse=True)
        if len(found) <= MOST_KINDS:
            return len(found), kind.reshape(-1)
    return len(architectures.vocabulary.ops), operation
