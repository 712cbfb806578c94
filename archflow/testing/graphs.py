"""Random architectures for the contract tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet, Vocabulary

_OPS = ("input", "output", "conv1x1", "conv3x3", "pool")


def random_architectures(
    count: int,
    seed: int,
    *,
    ops: tuple[str, ...] = _OPS,
    max_nodes: int = 9,
    edge_share: float = 0.35,
    attributes: tuple[str, ...] = (),
) -> ArchitectureSet:
    """Random labelled DAGs with random numbering: single and isolated nodes, dead ends, several sources and sinks.

    Args:
        count: Number of architectures.
        seed: Seed of all draws.
        ops: The vocabulary.
        max_nodes: Maximum number of nodes; the minimum is 1.
        edge_share: Probability of each possible edge.
        attributes: Names of attributes, integers from 1 to 8; each is missing at a third of the nodes. The graphs do
            not depend on it.
    """
    generator = np.random.default_rng(seed)
    architectures = []
    for _ in range(count):
        size = int(generator.integers(1, max_nodes + 1))
        number = generator.permutation(size)
        source, target = np.nonzero(np.triu(generator.random((size, size)) < edge_share, 1))
        edges = zip(number[source].tolist(), number[target].tolist(), strict=True)
        architectures.append(Architecture(tuple(ops[i] for i in generator.integers(len(ops), size=size)), tuple(edges)))
    graphs = ArchitectureSet.from_architectures(architectures, Vocabulary(ops))
    if not attributes:
        return graphs
    shape = (len(graphs.op), len(attributes))
    values = np.where(generator.random(shape) < 1 / 3, np.nan, generator.integers(1, 9, shape))
    return graphs.with_attributes(values, attributes)


def relabelled(architectures: ArchitectureSet, seed: int) -> tuple[ArchitectureSet, NDArray[np.int64]]:
    """The same graphs with their nodes renumbered at random, and (V,) the old row of every new node."""
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(count) for count in architectures.node_counts]
    rows = np.concatenate([order + start for order, start in zip(orders, architectures.node_ptr[:-1], strict=True)])
    number = np.empty_like(rows)
    number[rows] = architectures.node_place
    source, target = (number[ends] for ends in architectures.edge_nodes)
    order = np.lexsort((target, source, architectures.edge_owner))
    return architectures.replaced(rows, edge_src=source[order], edge_dst=target[order]), rows
