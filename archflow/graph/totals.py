"""The costs of a whole architecture as attributes of each of its nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.graph.architecture_set import ArchitectureSet

TOTAL = "total_"
"""Prefix of the names of these attributes."""

COSTS = ("macs", "params", "bytes")


def with_totals(architectures: ArchitectureSet, costs: Sequence[str] = COSTS) -> ArchitectureSet:
    """Add the attributes `total_macs`, `total_params`, `total_bytes` and `total_nodes` to architectures.

    Each is a sum over all nodes, and the same for every node of an architecture. A cost that no node has is left out;
    totals that exist already are computed again.

    Source: the static features of Liu et al. (NNLQP), ICPP 2022, except the batch size, which the shapes contain.
    """
    owner, count = architectures.node_owner, len(architectures)
    kept = [name for name in architectures.attribute_names if not name.startswith(TOTAL)]
    columns = {name: architectures.attribute(name) for name in kept}
    for name in costs:
        if name in columns:
            sums = np.bincount(owner, np.nan_to_num(columns[name].astype(np.float64)), count)
            columns[f"{TOTAL}{name}"] = sums[owner].astype(np.float32)
    columns[f"{TOTAL}nodes"] = architectures.node_counts[owner].astype(np.float32)
    return architectures.with_attributes(np.stack(list(columns.values()), 1), list(columns))
