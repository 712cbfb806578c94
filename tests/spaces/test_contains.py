"""A space knows its own architectures from others."""

import numpy as np
import pytest

from archflow.graph import Architecture
from archflow.spaces import SPACES, NASBench101, NASBench201


@pytest.mark.parametrize("name", SPACES.names())
def test_a_space_contains_what_it_samples_and_nothing_foreign(name):
    space = SPACES.get(name)()
    cells = space.sample(5, np.random.default_rng(3))
    assert all(space.contains(cell) for cell in cells)
    for cell in cells:
        assert not space.contains(Architecture((*cell.ops[:-1], "unheard_of"), cell.edges))
        assert not space.contains(Architecture((*cell.ops, cell.ops[-1]), cell.edges))


def test_nasbench201_is_one_graph():
    cell = NASBench201().sample(1, np.random.default_rng(0))[0]
    assert not NASBench201().contains(Architecture(cell.ops, cell.edges[:-1]))
    assert not NASBench201().contains(Architecture(cell.ops, (*cell.edges, (0, 7))))
    assert not NASBench201().contains(Architecture((*cell.ops[:3], "input", *cell.ops[4:]), cell.edges))


def test_nasbench101_is_cells_of_nine_edges_without_dead_nodes():
    space, conv = NASBench101(), "conv3x3-bn-relu"
    assert space.contains(Architecture(("input", "output"), ((0, 1),)))
    dead = Architecture(("input", conv, "output"), ((0, 1), (0, 2)))
    assert not space.contains(dead)
    assert space.contains(dead.pruned())
    pairs = [(u, v) for v in range(6) for u in range(v)]
    full = Architecture(("input", *[conv] * 4, "output"), tuple(pairs))  # 15 edges
    assert not space.contains(full)
    assert not space.contains(Architecture(("input", "output", conv), ((0, 2), (2, 1))))
