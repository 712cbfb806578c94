"""NAS-Bench-101 cells that several tests use."""

import numpy as np
from hypothesis import strategies as st

from archflow.graph import Architecture
from archflow.spaces.nasbench101 import NASBench101, classes
from archflow.spaces.nasbench101.graphs import graphs

SPACE = NASBench101()
C3, C1, POOL = OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
UP_TO_5 = graphs(np.concatenate([classes.isomorphism_classes(nodes) for nodes in range(2, 6)]))
SAMPLE = SPACE.sample(500, np.random.default_rng(0))

GOOD = Architecture(
    ("input", C1, C3, C3, C3, POOL, "output"),
    ((0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6)),
)
"""As many nodes and edges as there may be: the cell like Inception that the paper compares with."""

cells = st.one_of(
    st.integers(0, len(UP_TO_5) - 1).map(UP_TO_5.__getitem__), st.integers(0, len(SAMPLE) - 1).map(SAMPLE.__getitem__)
)


def renumbered(cell: Architecture, seed: int) -> Architecture:
    """The same cell with its nodes in another topological order, drawn at random."""
    generator = np.random.default_rng(seed)
    order = [0]
    while len(order) < len(cell.ops):
        ready = [
            node
            for node in range(len(cell.ops))
            if node not in order and all(a in order for a, b in cell.edges if b == node)
        ]
        order.append(int(generator.choice(ready)))
    return cell.relabelled(order)
