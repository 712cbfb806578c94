import numpy as np
import pytest

from archflow.features.on_paths import on_paths
from archflow.graph import ArchitectureSet
from archflow.testing import random_architectures


def by_hand(graphs: ArchitectureSet, weight: np.ndarray, best) -> list[float]:
    """Path by path."""
    found = []
    for row, graph in enumerate(graphs):
        own = weight[graphs.node_ptr[row] : graphs.node_ptr[row + 1]]

        def to(node: int, graph=graph, own=own) -> float:
            before = [to(source) for source, target in graph.edges if target == node]
            return own[node] + (best(before) if before else 0)

        found += [to(node) for node in range(len(graph.ops))]
    return found


@pytest.mark.parametrize(("best", "ufunc"), [(min, np.minimum), (max, np.maximum)])
def test_the_best_of_all_paths(best, ufunc):
    graphs = random_architectures(12, seed=3)
    weight = np.random.default_rng(0).integers(-5, 6, (len(graphs.op), 2)).astype(np.float32)
    before = weight.copy()
    found = on_paths(graphs, weight, ufunc)
    for question in range(2):
        assert found[:, question].tolist() == by_hand(graphs, weight[:, question], best)
    np.testing.assert_array_equal(weight, before)
