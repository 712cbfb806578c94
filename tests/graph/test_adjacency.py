from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.adjacency import Adjacency

TWO = ArchitectureSet.from_architectures(
    [
        Architecture(("input", "a", "b", "output"), ((0, 1), (0, 2), (1, 3), (2, 3))),
        Architecture(("input", "output"), ((0, 1),)),
    ]
)


def test_edges_lie_together_by_target():
    found = Adjacency.of(TWO, undirected=False)
    assert list(zip(found.source, found.target, strict=True)) == [(0, 1), (0, 2), (1, 3), (2, 3), (0, 1)]
    assert found.edge_ptr.tolist() == [0, 4, 5]
    assert found.degree.tolist() == [0, 1, 1, 2, 0, 1]
    assert found.out_degree.tolist() == [2, 1, 1, 0, 1, 0]


def test_the_other_order_is_by_source():
    found = Adjacency.of(TWO, undirected=True)
    assert found.edge_ptr.tolist() == [0, 8, 10]
    assert found.degree.tolist() == found.out_degree.tolist() == [2, 2, 2, 2, 1, 1]
    for begin, end in ((0, 8), (8, 10)):
        rows = begin + found.by_source[begin:end]
        pairs = list(zip(found.source[rows], found.target[rows], strict=True))
        assert pairs == sorted(pairs)
        assert {(b, a) for a, b in pairs} == set(pairs)
