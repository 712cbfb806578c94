import tracemalloc

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, topology
from archflow.graph.batch import Batch
from archflow.graph.effective import contracted, effective
from archflow.testing import random_architectures
from tests.strategies import VOCABULARY, sets


def graph_of(architecture: Architecture) -> nx.DiGraph:
    graph = nx.DiGraph(architecture.edges)
    graph.add_nodes_from(range(len(architecture.ops)))
    return graph


def path(nodes: int, last: int | None = None) -> ArchitectureSet:
    """A single path, its inner nodes of one operation; last: where an edge leads from its end, if to anywhere."""
    source = np.arange(nodes if last is not None else nodes - 1)
    target = source + 1
    if last is not None:
        target[-1] = last
    op = np.array([0, *[2] * (nodes - 2), 1])
    return ArchitectureSet(VOCABULARY, op, [0, nodes], source, target, [0, len(source)])


def one_large(nodes: int, small: int = 2000) -> ArchitectureSet:
    """Small architectures, and a path among them."""
    return ArchitectureSet.concatenate([random_architectures(small, 1, ops=VOCABULARY.ops), path(nodes)])


@given(sets(), st.integers(0, 3))
def test_levels_are_the_longest_paths_whether_by_level_or_one_by_one(some, steps):
    expected = [
        nx.dag_longest_path_length(graph.subgraph(nx.ancestors(graph, node) | {node}))
        for graph in map(graph_of, some)
        for node in range(len(graph))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topology, "STEPS", steps)
        assert topology.levels(some).tolist() == expected


def test_a_cycle_at_any_depth_is_refused_by_its_row():
    with pytest.raises(ArchflowError, match="row 0: the graph has a cycle; remove one of its edges"):
        path(100_000, last=50_000)
    with pytest.raises(ArchflowError, match="row 0: the graph has a cycle; remove one of its edges"):
        path(100_000, last=0)


@given(sets())
def test_reachability_is_the_transitive_closure(some):
    reachable = Batch(some).reachable.numpy()
    assert reachable.shape == (len(some), some.node_counts.max(), some.node_counts.max())
    for found, graph in zip(reachable, map(graph_of, some), strict=True):
        expected = np.zeros_like(found)
        for source, target in nx.transitive_closure_dag(graph).edges:
            expected[source, target] = True
        assert (found == expected).all()


def test_reachability_of_architectures_of_all_sizes_together():
    some = random_architectures(40, 3, max_nodes=200, edge_share=0.02)
    reachable = Batch(some, np.arange(0, 40, 3)).reachable.numpy()
    for row, found in zip(range(0, 40, 3), reachable, strict=True):
        closure = nx.transitive_closure_dag(graph_of(some[row]))
        assert {(int(a), int(b)) for a, b in np.argwhere(found)} == set(closure.edges)


def test_a_large_architecture_among_small_ones_costs_its_own_pairs_alone():
    some = one_large(4000)
    tracemalloc.start()
    assert some.reachability.words.nbytes < 4000 * 4000 / 8 + 2**20  # the small ones, padded, would be 30 GB
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


@pytest.mark.parametrize("view", [lambda some: effective(some, ["pool"]), lambda some: contracted(some, ["conv"])])
def test_views_take_memory_linear_in_nodes(view):
    some = one_large(10_000)  # all pairs of its nodes would be 100 MB, of all rows 200 GB
    tracemalloc.start()
    shown = view(some)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
    assert len(shown) == len(some)
    assert shown.node_counts[-1] in (2, 10_000)


def test_deep_architectures_take_time_linear_in_nodes():
    deep = path(100_000)  # its square of node steps would take minutes
    assert deep.levels.tolist() == list(range(100_000))
    assert len(np.unique(deep.canonical_labels)) == 100_000
    assert len(effective(deep).op) == 100_000
    assert contracted(path(20_000), ["conv"])[0] == Architecture(("input", "output"), ((0, 1),))
