import pytest

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.adjacency import Adjacency
from archflow.graph.cells import cells


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        (((0, 1), (1, 2), (3, 4)), [0, 0, 0, 1, 1]),
        (((0, 3), (1, 2), (3, 4)), [0, 1, 1, 0, 0]),  # in the order of their first nodes
        (((1, 2), (3, 4)), [0, 0, 0, 1, 1]),  # a node without edges is of the next one's cell
        (((0, 1), (2, 3)), [0, 0, 1, 1, 1]),  # behind the last, of the one before
        ((), [0, 0, 0, 0, 0]),
    ],
)
def test_cells_are_what_no_edge_joins(edges, expected):
    here = Architecture(("conv",) * 5, edges)
    both = ArchitectureSet.from_architectures([here, here])
    assert cells(both, Adjacency.of(both, undirected=True)).tolist() == 2 * expected
