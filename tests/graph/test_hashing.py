from itertools import permutations, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import read_table
from archflow.testing import random_architectures
from tests.strategies import VOCABULARY, relabellings


@given(relabellings())
def test_isomorphic_architectures_have_one_hash(case):
    old, new, _ = case
    assert old.hash == new.hash
    assert len(old.hash) == 16


def test_the_other_architectures_of_a_set_do_not_matter(architectures):
    assert [f"{value:016x}" for value in architectures.hashes.tolist()] == [a.hash for a in architectures]


def all_labelled_dags(size: int) -> list[Architecture]:
    """Every DAG whose edges go forward, with every labelling by two operations: one of each class, and many twice."""
    pairs = [(a, b) for b in range(size) for a in range(b)]
    graphs = [
        tuple(p for p, on in zip(pairs, chosen, strict=True) if on) for chosen in product((0, 1), repeat=len(pairs))
    ]
    return [Architecture(ops, edges) for ops in product("ab", repeat=size) for edges in graphs]


def canonical(architecture: Architecture) -> tuple:
    """The least of all renumberings: equal exactly for isomorphic graphs."""
    forms = []
    for order in permutations(range(len(architecture.ops))):
        place = np.argsort(order)
        edges = sorted((int(place[a]), int(place[b])) for a, b in architecture.edges)
        forms.append((tuple(architecture.ops[node] for node in order), tuple(edges)))
    return min(forms)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_hashes_are_exactly_the_isomorphism_classes_of_all_small_graphs(size):
    graphs = all_labelled_dags(size)
    hashes = ArchitectureSet.from_architectures(graphs, Vocabulary(("a", "b"))).hashes.tolist()
    classes = [canonical(graph) for graph in graphs]
    assert len(set(hashes)) == len(set(classes)) == len(set(zip(hashes, classes, strict=True)))


@pytest.mark.parametrize("size", [2, 3, 4])
def test_labels_number_the_orbits_of_small_graphs_level_by_level(size):
    graphs = all_labelled_dags(size)
    some = ArchitectureSet.from_architectures(graphs, Vocabulary(("a", "b")))
    symmetric = 0
    for graph, levels, labels in zip(
        graphs,
        np.split(some.levels, some.node_ptr[1:-1]),
        np.split(some.canonical_labels, some.node_ptr[1:-1]),
        strict=True,
    ):
        edges = set(graph.edges)
        automorphisms = [
            order
            for order in permutations(range(size))
            if all(graph.ops[order[node]] == graph.ops[node] for node in range(size))
            and {(order[a], order[b]) for a, b in edges} == edges
        ]
        orbits = [{order[node] for order in automorphisms} for node in range(size)]
        for a, b in product(range(size), repeat=2):
            assert (labels[a] == labels[b]) == (b in orbits[a])
            assert (levels[a] < levels[b]) <= (labels[a] < labels[b])
        assert sorted(labels) == sorted(sum(other < label for other in labels) for label in labels)
        symmetric += len(automorphisms) > 1
    assert symmetric > 0


@given(relabellings())
def test_labels_go_with_their_nodes(case):
    old, new, order = case
    labels = [ArchitectureSet.from_architectures([a], VOCABULARY).canonical_labels for a in (old, new)]
    assert labels[1].tolist() == labels[0][order].tolist()


def test_equal_hashes_of_random_graphs_mean_isomorphism():
    some = random_architectures(400, seed=3, ops=("a", "b"), max_nodes=5)

    def graph(architecture: Architecture) -> nx.DiGraph:
        result = nx.DiGraph(architecture.edges)
        result.add_nodes_from((i, {"op": op}) for i, op in enumerate(architecture.ops))
        return result

    first: dict[int, nx.DiGraph] = {}
    met_again = 0
    for architecture, value in zip(some, some.hashes.tolist(), strict=True):
        found = graph(architecture)
        if value in first:
            met_again += 1
            assert nx.is_isomorphic(first[value], found, node_match=lambda a, b: a["op"] == b["op"])
        first.setdefault(value, found)
    assert met_again > 20


def test_direction_and_names_count():
    assert Architecture(("a", "b"), ((0, 1),)).hash != Architecture(("a", "b"), ((1, 0),)).hash
    assert Architecture(("a", "b"), ()).hash != Architecture(("a", "c"), ()).hash
    one = Architecture(("a",), ())
    assert (
        ArchitectureSet.from_architectures([one]).hashes
        == ArchitectureSet.from_architectures([one], Vocabulary(("z", "a"))).hashes
    )


def test_no_two_cells_of_nasbench101_share_a_hash(data_folder):
    hashes = read_table(data_folder / "nasbench101.parquet").architectures.hashes
    assert len(np.unique(hashes)) == len(hashes) == 35_362


def large_path(odd: int, nodes: int = 3000, order: np.ndarray | None = None) -> Architecture:
    """A path of more nodes than have a round of refinement each; one of them has another operation."""
    place = np.arange(nodes) if order is None else order
    ops = np.array(["conv"] * nodes, object)
    ops[place[odd]] = "pool"
    return Architecture(tuple(ops), tuple(zip(place[:-1].tolist(), place[1:].tolist(), strict=True)))


def test_large_architectures_are_told_apart_from_end_to_end():
    hashes = [large_path(odd).hash for odd in (0, 1, 1499, 1500, 2998)]
    assert len(set(hashes)) == len(hashes)


def test_the_hash_of_a_large_architecture_does_not_depend_on_its_numbering_or_its_set(architectures):
    order = np.random.default_rng(0).permutation(3000)
    large, renumbered = large_path(1234), large_path(1234, order=order)
    assert large.hash == renumbered.hash
    some = ArchitectureSet.from_architectures([*architectures, renumbered, architectures[0]])
    assert [f"{value:016x}" for value in some.hashes.tolist()] == [
        *(a.hash for a in architectures),
        large.hash,
        architectures[0].hash,
    ]


def test_hashes_of_architectures_of_any_size_stay_what_they_are():
    """Files of earlier versions hold them."""
    assert Architecture(("input", "conv", "output"), ((0, 1), (1, 2))).hash == "e703ab7cad523eca"
    assert large_path(77, nodes=1000).hash == "2f7c61b03806d986"
