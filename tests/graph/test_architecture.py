import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from tests.strategies import architectures, relabellings


@pytest.mark.parametrize(
    ("ops", "edges", "message"),
    [
        ((), (), "no node"),
        (("a", ""), (), "node 1 has no operation name"),
        (("a", 3), (), "node 1 has no operation name"),
        (("a", "b"), ((0, 2),), r"edge \(0, 2\) points outside the nodes 0\.\.1"),
        (("a", "b"), ((-1, 1),), r"edge \(-1, 1\) points outside"),
        (("a", "b"), ((0, 1), (1, 1)), "node 1 has an edge to itself"),
        (("a", "b"), ((0, 1), (0, 1)), r"edge \(0, 1\) is given twice"),
        (("a", "b", "c"), ((0, 1), (1, 2), (2, 1)), "node 1 lies on or behind a cycle"),
        (("a", "b"), ((0.5, 1),), r"edge \(0\.5, 1\) is not a pair of node indices"),
        (("a", "b"), (("0", "1"),), "is not a pair of node indices"),
        (("a", "b"), ((0, 1, 1),), "is not a pair of node indices"),
        (("a", "b"), (0, 1), "edge 0 is not a pair of node indices"),
        (("a", "b"), ((False, True),), r"edge \(False, True\) is not a pair of node indices"),
        (("a", "b"), ((0, 10**30),), "points outside the nodes"),
        ((2,), (), r"node 0 has no operation name \(2\)"),
        (("a", "b\ud800"), (), r"node 1 has no operation name \('b\\ud800'\)"),
        (2, (), "ops 2 is not a list of operation names"),
        ("conv", (), "ops 'conv' is not a list of operation names"),
        (("a",), None, "edges None is not a list of node pairs"),
    ],
)
def test_a_bad_graph_is_refused_by_name_of_node_or_edge(ops, edges, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        Architecture(ops, edges)
    assert "\n" not in str(caught.value)


@given(architectures())
def test_topological_order_puts_every_source_before_its_target(architecture):
    place = {node: i for i, node in enumerate(architecture.topological_order)}
    assert sorted(place) == list(range(len(architecture.ops)))
    assert all(place[source] < place[target] for source, target in architecture.edges)


@given(relabellings())
def test_relabelling_keeps_operations_and_edges(case):
    old, new, order = case
    assert [old.ops[node] for node in order] == list(new.ops)
    assert {(order[a], order[b]) for a, b in new.edges} == set(old.edges)
    back = [order.index(node) for node in range(len(order))]
    assert new.relabelled(back) == Architecture(old.ops, tuple(sorted(old.edges)))


def test_relabelling_takes_permutations_only():
    with pytest.raises(ArchflowError, match="not a permutation of the 2 nodes"):
        Architecture(("a", "b"), ()).relabelled([0, 0])


def _on_some_path(architecture: Architecture) -> set[int]:
    """Nodes on a path from an input to an output, by walking all paths."""
    found: set[int] = set()

    def walk(path: list[int]) -> None:
        if architecture.ops[path[-1]] == "output":
            found.update(path)
        for source, target in architecture.edges:
            if source == path[-1]:
                walk([*path, target])

    for node, op in enumerate(architecture.ops):
        if op == "input":
            walk([node])
    return found


@given(architectures(max_nodes=6))
def test_pruning_keeps_exactly_the_nodes_between_input_and_output(architecture):
    kept = sorted(_on_some_path(architecture))
    if not kept:
        with pytest.raises(ArchflowError, match="no path leads from 'input' to 'output'"):
            architecture.pruned()
        return
    pruned = architecture.pruned()
    assert pruned.ops == tuple(architecture.ops[node] for node in kept)
    inner = {(a, b) for a, b in architecture.edges if a in kept and b in kept}
    assert {(kept[a], kept[b]) for a, b in pruned.edges} == inner
    assert pruned.pruned() == pruned


@given(st.sets(st.sampled_from(["input", "output", "conv", "pool", "zero"])), st.randoms())
def test_a_vocabulary_of_operations_does_not_depend_on_their_order(names, random):
    shuffled = sorted(names)
    random.shuffle(shuffled)
    assert Vocabulary.of(shuffled) == Vocabulary.of(sorted(names))
    assert list(Vocabulary.of(names).ops[: len(names & {"input", "output"})]) == sorted(names & {"input", "output"})


def test_vocabulary_refuses_what_has_no_clear_id():
    with pytest.raises(ArchflowError, match="'a' occurs twice"):
        Vocabulary(("a", "b", "a"))
    with pytest.raises(ArchflowError, match="'' is not the name of an operation"):
        Vocabulary(("a", ""))
    for wrong in (("a", 2), ("a\ud800",), 5, "ab", None, ("a", ["b"])):
        with pytest.raises(ArchflowError, match="vocabulary: "):
            Vocabulary(wrong)  # type: ignore[arg-type]
    with pytest.raises(ArchflowError, match="unknown operation 'c'; there are: a, b"):
        Vocabulary(("a", "b")).index("c")
    assert Vocabulary(["a", "b"]) == Vocabulary(("a", "b"))  # type: ignore[arg-type]


def test_its_json_form_keeps_all(architectures):
    attributes = {"channels": [float("nan"), 16, 32, float("nan")]}
    chain = Architecture(("input", "conv", "conv", "output"), ((0, 1), (1, 2), (2, 3), (0, 3)), attributes)
    for architecture in (chain, architectures[0]):
        assert Architecture.from_json(json.loads(json.dumps(architecture.to_json(), allow_nan=False))) == architecture
    assert chain.to_json()["attributes"] == {"channels": [None, 16.0, 32.0, None]}
