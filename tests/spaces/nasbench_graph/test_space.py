import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.nasbench_graph import NASBenchGraph, decode_hash, official_hashes
from archflow.spaces.nasbench_graph.official_hash import LINKS, OPERATIONS, digits
from archflow.testing import check_search_space
from tests.spaces.same_graphs import assert_same, table_of

SPACE = NASBenchGraph()
ALL = SPACE.enumerate()
HASHES = official_hashes(ALL)
GOOD = '{"link": [0, 0, 1, 1], "ops": ["gat", "gcn", "fc", "skip"]}'

architectures = st.integers(0, SPACE.size - 1).map(ALL.__getitem__)
links = st.tuples(*(st.integers(0, node) for node in range(4)))
ops = st.lists(st.sampled_from(OPERATIONS), min_size=4, max_size=4).filter(lambda ops: set(ops) != {"skip"})


def native(link: Sequence[int], names: Sequence[str]) -> str:
    return json.dumps({"link": list(link), "ops": list(names)})


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)


def test_there_are_as_many_architectures_as_published() -> None:
    assert len(ALL) == len(np.unique(HASHES)) == SPACE.size == 26_206
    assert (np.diff(HASHES) > 0).all()
    assert set(map(tuple, digits(HASHES)[0].tolist())) == set(LINKS)


def test_the_graph_is_the_tree_with_its_leaves_joined() -> None:
    architecture = SPACE.parse(GOOD)
    assert architecture.ops == ("input", "gat", "gcn", "fc", "skip", "output")
    assert architecture.edges == ((0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5))
    assert SPACE.official_hash(architecture) == 20178
    assert SPACE.canonical(architecture) == "20178"
    assert SPACE.format(architecture) == GOOD


@given(architectures)
def test_format_and_parse_are_inverse(architecture: Architecture) -> None:
    assert SPACE.parse(SPACE.format(architecture)) == architecture


def tree(link: Sequence[int], names: Sequence[str]) -> tuple:
    """A tree as nested multisets of its operations."""
    return below(0, dict(enumerate(zip(link, names, strict=True), start=1)))


def below(source: int, nodes: dict[int, tuple[int, str]]) -> tuple:
    return tuple(sorted((op, below(node, nodes)) for node, (other, op) in nodes.items() if other == source))


def network(link: Sequence[int], names: Sequence[str]) -> tuple:
    """The tree without its idle skips, by removing them one after the other."""
    nodes = dict(enumerate(zip(link, names, strict=True), start=1))

    def passes_data(node: int) -> bool:
        return node == 0 or (nodes[node][1] == "skip" and passes_data(nodes[node][0]))

    def idle(node: int) -> bool:
        source, op = nodes[node]
        read = any(other == node for other, _ in nodes.values())
        alone = sum(other == source for other, _ in nodes.values()) == 1
        return op == "skip" and (read or alone or passes_data(node))

    while (gone := next((node for node in nodes if idle(node)), None)) is not None:
        source, _ = nodes.pop(gone)
        nodes = {node: (source if other == gone else other, op) for node, (other, op) in nodes.items()}
    return below(0, nodes)


@given(links, ops, links, ops, st.booleans())
def test_one_network_has_one_architecture(link, op_names, other_link, other_ops, renumber) -> None:
    one = SPACE.parse(native(link, op_names))
    if renumber:  # a case that is often equal: the same operations in a tree that is often the same
        other_ops = op_names
    other = SPACE.parse(native(other_link, other_ops))
    assert (one == other) == (network(link, op_names) == network(other_link, other_ops))
    kept_link, kept_ops = (values[0] for values in digits([SPACE.official_hash(one)]))
    assert network(tuple(kept_link.tolist()), [OPERATIONS[op] for op in kept_ops]) == network(link, op_names)


def test_idle_skips_move_to_the_front() -> None:
    for link, names, kept in (
        ((0, 1, 2, 3), ["gcn", "skip", "fc", "gat"], ([0, 1, 2, 3], ["skip", "gcn", "fc", "gat"])),  # read by another
        ((0, 1, 2, 3), ["gcn", "fc", "gat", "skip"], ([0, 1, 2, 3], ["skip", "gcn", "fc", "gat"])),  # a sole reader
        ((0, 0, 0, 0), ["gcn", "skip", "fc", "gat"], ([0, 1, 1, 1], ["skip", "gat", "gcn", "fc"])),  # the data itself
        ((0, 1, 1, 1), ["gcn", "skip", "fc", "gat"], ([0, 1, 1, 1], ["gcn", "gat", "fc", "skip"])),  # of effect
    ):
        assert json.loads(SPACE.format(SPACE.parse(native(link, names)))) == {"link": kept[0], "ops": kept[1]}


@settings(max_examples=20)
@given(architectures)
def test_neighbours_differ_in_one_operation_or_input(architecture: Architecture) -> None:
    own = json.loads(SPACE.format(architecture))
    expected = set()
    for node in range(4):
        for op in OPERATIONS:
            expected.add(kept_as_it_is(own["link"], [*own["ops"][:node], op, *own["ops"][node + 1 :]]))
        for source in range(5):
            expected.add(kept_as_it_is([*own["link"][:node], source, *own["link"][node + 1 :]], own["ops"]))
    expected -= {None, architecture}
    assert set(SPACE.neighbours(architecture)) == expected


def kept_as_it_is(link: list[int], names: list[str]) -> Architecture | None:
    """The architecture of a tree, its nodes in any order; None if it is no tree or the benchmark keeps another."""
    order: list[int] = []
    while len(order) < 4:
        ready = [node for node in range(4) if node not in order and (link[node] == 0 or link[node] - 1 in order)]
        if not ready:
            return None
        order += ready[:1]
    if set(names) == {"skip"}:
        return None
    number = {0: 0, **{node + 1: place for place, node in enumerate(order, start=1)}}
    in_order = [number[link[node]] for node in order], [names[node] for node in order]
    architecture = SPACE.parse(native(*in_order))
    kept = json.loads(SPACE.format(architecture))
    return architecture if tree(kept["link"], kept["ops"]) == tree(*in_order) else None


def test_a_skip_in_front_can_become_any_operation() -> None:
    with_front_skip = SPACE.parse(native((0, 1, 1, 1), ["skip", "gcn", "fc", "gat"]))
    replaced = {json.loads(SPACE.format(a))["ops"][0] for a in SPACE.neighbours(with_front_skip)}
    assert {"gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc"} <= replaced


def test_samples_are_uniform() -> None:
    some = official_hashes(SPACE.sample(4000, np.random.default_rng(0)))
    share = np.mean(HASHES < 10_000)
    assert abs((some < 10_000).sum() - 4000 * share) < 5 * np.sqrt(4000 * share)
    assert len(SPACE.sample(0, np.random.default_rng(0))) == 0


def changed(**values: object) -> str:
    return json.dumps({**json.loads(GOOD), **values})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(link=[0, 0, 3, 1]), r"link\[2\] is 3, use one of 0, 1, 2"),
        (changed(link=[0, 0, -1, 1]), r"link\[2\] is -1"),
        (changed(link=[0, False, 1, 1]), r"link\[1\] is false"),
        (changed(link=[0, 0, 1]), "'link' is a list of 4"),
        (changed(link="0012"), "'link' is a list of 4"),
        (changed(ops=["gat", "gcn", "gc", "skip"]), r"ops\[2\] is 'gc', use one of gat, gcn"),
        (changed(ops=["gat", [], "gcn", "skip"]), r"ops\[1\] is a list"),
        (changed(ops=["skip"] * 4), "computes nothing"),
        (changed(op=[]), "unknown field 'op'"),
        ('{"link": [0, 0, 1, 2]}', "field 'ops' is missing"),
        (GOOD[:-1], f"not JSON from character {len(GOOD)} on"),
    ],
)
def test_mistakes_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)


def test_other_graphs_are_refused() -> None:
    good = SPACE.parse(GOOD)
    idle = Architecture(
        ("input", "gat", "skip", "gcn", "fc", "output"), SPACE.parse(native((0, 1, 2, 3), ["fc"] * 4)).edges
    )
    for wrong in (
        good.relabelled([0, 2, 1, 3, 4, 5]),
        Architecture(good.ops, (*good.edges, (2, 4))),
        Architecture(good.ops, good.edges[:-1]),
        Architecture(("output", *good.ops[1:]), good.edges),
        Architecture(("input", "input", *good.ops[2:]), good.edges),
        Architecture(good.ops[:-1], good.edges[:-3]),
        Architecture(good.ops, ((0, 1), (0, 3), *good.edges[2:])),
        idle,
    ):
        for use in (SPACE.format, SPACE.canonical, SPACE.neighbours):
            with pytest.raises(ArchflowError, match="architecture 0 is not of NAS-Bench-Graph"):
                use(wrong)
    with pytest.raises(ArchflowError, match="architecture 1 is not of"):
        official_hashes(ArchitectureSet.from_architectures([good, idle]))


@pytest.mark.parametrize("wrong", [-1, 9, 8888, 90_000, 10_800, 2**62])
def test_other_numbers_are_no_hash(wrong: int) -> None:
    with pytest.raises(ArchflowError, match=f"row 1: {wrong} is the official hash of no"):
        decode_hash([20178, wrong])


def test_graphs_of_the_real_table(data_folder: Path) -> None:
    table = table_of(data_folder, "nasbench_graph", SPACE)
    keys = table.metric("arch_id").astype(np.int64)
    assert_same(ALL, table.architectures)
    assert np.array_equal(HASHES, keys)
    proteins = table_of(data_folder, "nasbench_graph_proteins", SPACE)
    assert_same(decode_hash(proteins.metric("arch_id").astype(np.int64)), proteins.architectures)
