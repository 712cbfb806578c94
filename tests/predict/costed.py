"""Networks whose nodes say what they compute and move, and a latency that is a sum of costs."""

from __future__ import annotations

import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table


def network(convolutions: int, activations: int, rng: np.random.Generator) -> Architecture:
    ops = ["input", *["conv2d"] * convolutions, *["relu"] * activations, "output"]
    count = len(ops)
    macs = np.where(np.array(ops) == "conv2d", rng.uniform(1e6, 1e8, count), 0.0)
    columns = {
        "macs": macs,
        "bytes": rng.uniform(1e5, 1e6, count),
        "groups": np.where(np.array(ops) == "conv2d", 1.0, np.nan),
        "channels_in": np.full(count, 8.0),
        "kernel_height": np.where(np.array(ops) == "conv2d", 3.0, np.nan),
    }
    edges = [(node, node + 1) for node in range(count - 1)]
    return Architecture(ops, edges, attributes=columns)


def some(count: int, rng: np.random.Generator) -> Table:
    nets = [network(int(a), int(b), rng) for a, b in rng.integers(1, 12, (count, 2))]
    return Table(ArchitectureSet.from_architectures(nets))


def latency(table: Table) -> np.ndarray:
    """0.3 ms, and 0.05 ms and 10 ns for a thousand multiply-adds of each convolution."""
    owner, is_conv = table.architectures.node_owner, table.architectures.attribute("macs") > 0
    of_nodes = 0.05 * is_conv + table.architectures.attribute("macs").astype(float) / 1e8
    return 0.3 + np.bincount(owner, of_nodes, len(table))
