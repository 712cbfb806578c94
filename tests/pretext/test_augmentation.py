import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph import Architecture, ArchitectureSet, Vocabulary, topology
from archflow.graph.batch import Batch
from archflow.graph.subgraph import induced
from archflow.pretext.augmentation import (
    cut_out,
    distances,
    drop_nodes,
    hide_operations,
    inner_operations,
    keeping_cells,
    perturb_edges,
    random_nodes,
    replace_operations,
    share_of,
)
from archflow.seeding import seeded
from tests.strategies import sets

MASK_ID = 3
CHOICES = np.array([1, 2, 3])
EDITS = {
    "drop_nodes": drop_nodes,
    "cut_out": cut_out,
    "perturb_edges": perturb_edges,
    "hide_operations": lambda architectures, count: hide_operations(architectures, count, MASK_ID),
    "replace_operations": lambda architectures, count: replace_operations(architectures, count, CHOICES),
}


def plainly_distant(architecture: Architecture, start: int, length: dict[tuple[int, int], float]) -> list[float]:
    """Dijkstra without a heap."""
    known, done = {start: 0.0}, {}
    while known:
        node = min(known, key=known.__getitem__)
        done[node] = known.pop(node)
        for (a, b), step in length.items():
            if a == node and b not in done:
                known[b] = min(known.get(b, np.inf), done[node] + step)
    return [done.get(node, np.inf) for node in range(len(architecture.ops))]


def edge_sets(architectures: ArchitectureSet) -> list[set[tuple[int, int]]]:
    return [set(a.edges) for a in architectures]


@given(sets(), st.data())
def test_an_induced_subgraph_is_what_the_marks_say(architectures, data):
    marks = [
        data.draw(st.lists(st.booleans(), min_size=len(a.ops), max_size=len(a.ops)).filter(any)) for a in architectures
    ]
    found = induced(architectures, np.concatenate(marks))
    topology.validate(found)
    for whole, part, keep in zip(architectures, found, marks, strict=True):
        old = [node for node, kept in enumerate(keep) if kept]
        assert part.ops == tuple(whole.ops[node] for node in old)
        assert {(old[a], old[b]) for a, b in part.edges} == {(a, b) for a, b in whole.edges if keep[a] and keep[b]}


@given(sets(), st.integers(0, 9), st.integers(0, 9))
def test_distances_are_those_of_dijkstra(architectures, seed, far):
    generator = np.random.default_rng(seed)
    start = architectures.node_ptr[:-1] + generator.integers(architectures.node_counts)
    adjacency = architectures.undirected
    length = generator.random(len(adjacency.source)) + far
    hops, ways = distances(architectures, start), distances(architectures, start, length)
    for row, architecture in enumerate(architectures):
        nodes, edges = slice(*architectures.node_ptr[row : row + 2]), slice(*adjacency.edge_ptr[row : row + 2])
        pairs = list(zip(adjacency.source[edges].tolist(), adjacency.target[edges].tolist(), strict=True))
        first = int(start[row] - architectures.node_ptr[row])
        np.testing.assert_array_equal(hops[nodes], plainly_distant(architecture, first, dict.fromkeys(pairs, 1.0)))
        plain = plainly_distant(architecture, first, dict(zip(pairs, length[edges], strict=True)))
        np.testing.assert_allclose(ways[nodes], plain)


@pytest.mark.parametrize("name", EDITS)
@given(architectures=sets(), count=st.integers(0, 9), seed=st.integers(0, 3))
def test_every_edit_gives_acyclic_graphs_and_leaves_its_argument_alone(name, architectures, count, seed):
    before = list(architectures)
    with seeded(seed):
        edited = EDITS[name](architectures, count)
    topology.validate(edited)
    assert list(architectures) == before
    with seeded(seed):
        each = EDITS[name](architectures, np.full(len(architectures), count))
    assert list(each) == list(edited), "the same draws give another edit"
    if count == 0 and name != "cut_out":
        assert edge_sets(edited) == edge_sets(architectures)
        assert np.array_equal(edited.op, architectures.op)


@given(sets(), st.integers(0, 9))
def test_as_many_nodes_go_as_are_told(architectures, count):
    left = np.maximum(architectures.node_counts - count, 1)
    assert np.array_equal(drop_nodes(architectures, count).node_counts, left)
    part = cut_out(architectures, count)
    assert (part.node_counts <= left).all()
    assert all(np.isfinite(distances(part, part.node_ptr[:-1]))), "a part is not connected"
    # A part that is too small is a whole connected component.
    sizes = [
        {sum(np.isfinite(plainly_distant(a, node, _both(a)))) for node in range(len(a.ops))} for a in architectures
    ]
    for found, wanted, possible in zip(part.node_counts, left, sizes, strict=True):
        assert found == wanted or found in possible


def _both(architecture: Architecture) -> dict[tuple[int, int], float]:
    return {pair: 1.0 for a, b in architecture.edges for pair in ((a, b), (b, a))}


@given(sets(), st.integers(0, 12), st.integers(0, 3))
def test_as_many_edges_come_as_go_where_there_is_room(architectures, count, seed):
    with seeded(seed):
        edited = perturb_edges(architectures, count)
    ranks = Batch(architectures).rank.numpy()
    for row, (before, after) in enumerate(zip(edge_sets(architectures), edge_sets(edited), strict=True)):
        size = int(architectures.node_counts[row])
        gone = min(count, len(before))
        assert len(before - after) == gone
        assert len(after - before) == min(gone, size * (size - 1) // 2 - len(before))
        rank = ranks[architectures.node_ptr[row] :]
        assert all(rank[a] < rank[b] for a, b in after)
    assert np.array_equal(edited.op, architectures.op)


@given(sets(), st.integers(0, 9))
def test_operations_are_hidden_and_replaced_where_they_may_be(architectures, count):
    hidden, replaced = EDITS["hide_operations"](architectures, count), EDITS["replace_operations"](architectures, count)
    assert edge_sets(hidden) == edge_sets(replaced) == edge_sets(architectures)
    changed = hidden.op != architectures.op
    assert (hidden.op[changed] == MASK_ID).all()
    there = np.isin(architectures.op, CHOICES)
    swapped = replaced.op != architectures.op
    assert there[swapped].all()
    assert np.isin(replaced.op[swapped], CHOICES).all()
    row = np.repeat(np.arange(len(architectures)), architectures.node_counts)
    per_row = np.bincount(row[swapped], minlength=len(architectures))
    assert np.array_equal(per_row, np.minimum(count, np.bincount(row[there], minlength=len(architectures))))
    masked = np.bincount(row[hidden.op == MASK_ID], minlength=len(architectures))
    assert (masked >= np.minimum(count, architectures.node_counts - 1)).all()


def many(architecture: Architecture, vocabulary: Vocabulary, count: int = 6000) -> ArchitectureSet:
    return ArchitectureSet.from_architectures([architecture] * count, vocabulary)


def test_draws_are_fair():
    vocabulary = Vocabulary(("a", "b", "c", "d"))
    path = many(Architecture(("a", "b", "c", "d"), ((0, 1), (1, 2), (2, 3))), vocabulary)
    with seeded(0):
        dropped = drop_nodes(path, 1)
        start = random_nodes(path) - path.node_ptr[:-1]
        changed = replace_operations(path, 1, np.array([1, 2, 3]))
        edited = perturb_edges(path, 1)
        part = cut_out(path, 2)
    np.testing.assert_allclose(dropped.op_counts.mean(0), 0.75, atol=0.03)
    np.testing.assert_allclose(np.bincount(start) / len(path), 0.25, atol=0.03)
    by_node = changed.op.reshape(-1, 4)
    assert (by_node[:, 0] == 0).all()
    for node in (1, 2, 3):
        share = np.bincount(by_node[:, node], minlength=4) / len(path)
        np.testing.assert_allclose(np.delete(share, [0, node]), 1 / 6, atol=0.03)
    edges = [edge for pairs in edge_sets(edited) for edge in pairs]
    for edge, share in {
        (0, 1): 2 / 3,
        (1, 2): 2 / 3,
        (2, 3): 2 / 3,
        (0, 2): 1 / 3,
        (0, 3): 1 / 3,
        (1, 3): 1 / 3,
    }.items():
        assert edges.count(edge) / len(path) == pytest.approx(share, abs=0.03)
    # Ends can only grow inwards: {0,1} from 0 surely and from 1 in half of the cases.
    pairs, counts = np.unique(part.op.reshape(-1, 2), axis=0, return_counts=True)
    assert pairs.tolist() == [[0, 1], [1, 2], [2, 3]]
    np.testing.assert_allclose(counts / len(path), [3 / 8, 1 / 4, 3 / 8], atol=0.03)


def test_inner_operations_are_those_between_others():
    vocabulary = Vocabulary(("input", "output", "conv", "pool", "alone"))
    chain = Architecture(("input", "conv", "output", "alone"), ((0, 1), (1, 2)))
    short = Architecture(("pool", "conv"), ((0, 1),))
    found = inner_operations(ArchitectureSet.from_architectures([chain, short], vocabulary))
    assert found.tolist() == [2]
    # One operation alone cannot be replaced by another.
    assert list(replace_operations(many(chain, vocabulary, 3), 2, found)) == [chain] * 3


def test_an_edit_that_changes_the_number_of_cells_is_taken_back():
    vocabulary = Vocabulary(("a",))
    pair = Architecture(("a",) * 4, ((0, 1), (2, 3)))
    joined = Architecture(("a",) * 4, ((0, 1), (1, 2)))
    moved = Architecture(("a",) * 4, ((0, 2), (1, 3)))
    as_set = ArchitectureSet.from_architectures
    found = keeping_cells(as_set([joined, moved, pair], vocabulary), as_set([pair] * 3, vocabulary))
    assert list(found) == [pair, moved, pair]


def test_a_share_is_at_least_one():
    assert share_of(np.array([0, 1, 2, 7, 8, 13, 40]), 0.2).tolist() == [1, 1, 1, 1, 2, 3, 8]


def test_empty_sets_stay_empty():
    nothing = ArchitectureSet.from_architectures([], Vocabulary(("a", "b", "c", "d")))
    for edit in EDITS.values():
        assert len(edit(nothing, 1)) == 0


def test_draws_are_those_of_the_global_generator(architectures):
    for edit in EDITS.values():
        runs = []
        for seed in (0, 0, 1):
            torch.manual_seed(seed)
            runs.append(list(edit(architectures, 1)))
        assert runs[0] == runs[1]
        assert runs[0] != runs[2]
