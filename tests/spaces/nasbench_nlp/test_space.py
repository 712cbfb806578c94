import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.nasbench_nlp import NASBenchNLP
from archflow.testing import check_search_space
from tests.spaces.same_graphs import assert_parses_as_the_table, table_of

SPACE = NASBenchNLP()
RNN = {"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input": ["f"]}}
LSTM = {
    "h_new_0": {"op": "elementwise_prod", "input": ["c_act", "o_act"]},
    **{gate: {"op": "linear", "input": ["x", "h_prev_0"]} for gate in "ijfo"},
    **{
        f"{gate}_act": {"op": f"activation_{op}", "input": [gate]}
        for gate, op in zip("ijfo", ("tanh", *["sigm"] * 3), strict=True)
    },
    "kept": {"op": "elementwise_prod", "input": ["f_act", "h_prev_1"]},
    "added": {"op": "elementwise_prod", "input": ["i_act", "j_act"]},
    "h_new_1": {"op": "elementwise_sum", "input": ["kept", "added"]},
    "c_act": {"op": "activation_tanh", "input": ["h_new_1"]},
}
SAMPLE = SPACE.sample(300, np.random.default_rng(0))

cells = st.integers(0, len(SAMPLE) - 1).map(SAMPLE.__getitem__)


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)
    with pytest.raises(ArchflowError, match="too many to enumerate"):
        SPACE.enumerate()


def test_a_recipe_is_a_graph() -> None:
    architecture = SPACE.parse(json.dumps(RNN))
    assert architecture.ops == ("input:h_prev_0", "input:x", "linear", "activation_tanh")
    assert architecture.edges == ((0, 2), (1, 2), (2, 3))


def test_nodes_stand_in_the_recipe_s_order_as_far_as_they_can() -> None:
    architecture = SPACE.parse(json.dumps(LSTM))
    assert architecture.ops[:3] == ("input:h_prev_0", "input:h_prev_1", "input:x")
    names = ("linear",) * 4 + ("activation_tanh",) + ("activation_sigm",) * 3
    last = ("elementwise_prod", "elementwise_prod", "elementwise_sum", "activation_tanh", "elementwise_prod")
    assert architecture.ops[3:] == (*names, *last)


@given(cells)
def test_format_and_parse_are_inverse(cell: Architecture) -> None:
    recipe = json.loads(SPACE.format(cell))
    assert SPACE.parse(json.dumps(recipe)) == cell
    hidden = sum(op.startswith("input:h") for op in cell.ops)
    assert {name for name in recipe if name.startswith("h_new")} == {f"h_new_{i}" for i in range(hidden)}
    read = {source for node in recipe.values() for source in node["input"]}
    assert {name for name in recipe if name not in read} <= {f"h_new_{i}" for i in range(hidden)}


def test_the_names_of_nodes_do_not_matter() -> None:
    renamed = json.dumps(LSTM).replace('"i_act"', '"h_new_1_part"').replace('"kept"', '"1"').replace("[", "[ ")
    assert SPACE.parse(renamed) == SPACE.parse(json.dumps(LSTM))


@given(cells)
def test_sampled_cells_are_what_the_generator_promises(cell: Architecture) -> None:
    hidden = sum(op.startswith("input:h") for op in cell.ops)
    sources: dict[int, list[int]] = {node: [] for node in range(len(cell.ops))}
    for source, target in cell.edges:
        sources[target].append(source)
    activations = {node for node, op in enumerate(cell.ops) if op.startswith("activation")}
    for node, op in enumerate(cell.ops[hidden + 1 :], start=hidden + 1):
        if op == "linear":
            assert set(sources[node]) <= activations | set(range(hidden + 1))
        elif op in ("blend", "elementwise_prod", "elementwise_sum"):
            assert hidden not in sources[node]
        else:
            assert [cell.ops[source] for source in sources[node]] == ["linear"]


def test_samples_have_the_benchmark_s_proportions(data_folder: Path) -> None:
    """A benchmark without the cells that were left out as duplicates: they are small, so means differ a little."""
    table = table_of(data_folder, "nasbench_nlp", SPACE)
    some = SPACE.sample(6000, np.random.default_rng(3))
    hidden = [np.array([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]]) @ a.op_counts.T for a in (some, table.architectures)]
    for number in (1, 2, 3):
        ours, theirs = (
            a.op_counts[h[0] == number].mean(axis=0) for a, h in zip((some, table.architectures), hidden, strict=True)
        )
        np.testing.assert_allclose(ours, theirs, rtol=0.35, atol=0.1)


def test_settings_of_the_generator_are_equally_likely() -> None:
    some = SPACE.sample(9000, np.random.default_rng(1))
    hidden = some.op_counts[:, :3].sum(axis=1)
    assert (np.abs(np.bincount(hidden)[1:] - 3000) < 5 * np.sqrt(9000 * 2 / 9)).all()
    assert some.node_counts.max() <= 4 + 25
    assert len(SPACE.sample(0, np.random.default_rng(0))) == 0


def test_neighbours_of_the_smallest_cell_by_hand() -> None:
    one_node = {"h_new_0": {"op": "linear", "input": ["x", "h_prev_0"]}}
    cell = SPACE.parse(json.dumps(one_node))
    around = {(a.ops[2:], a.edges) for a in SPACE.neighbours(cell)}
    other_operation = {((op,), ((0, 2), (1, 2))) for op in ("elementwise_prod", "elementwise_sum")}
    activations = ("activation_tanh", "activation_sigm", "activation_leaky_relu")
    inserted = {
        ((op, "linear"), tuple(sorted(((source, 2), (1 - source, 3), (2, 3)))))
        for op in activations
        for source in (0, 1)
    }
    assert around == other_operation | inserted


@settings(max_examples=25)
@given(cells, st.integers(0, 2**32))
def test_a_step_and_back(cell: Architecture, seed: int) -> None:
    mutant = SPACE.mutate(cell, np.random.default_rng(seed))
    assert mutant != cell
    assert SPACE.parse(SPACE.format(mutant)) == mutant
    assert cell in set(SPACE.neighbours(mutant))
    assert abs(len(mutant.ops) - len(cell.ops)) <= 1
    assert abs(len(mutant.edges) - len(cell.edges)) <= 1


def test_walks_change_the_number_of_nodes() -> None:
    generator, cell, sizes = np.random.default_rng(0), SPACE.parse(json.dumps(RNN)), set()
    for _ in range(100):
        cell = SPACE.mutate(cell, generator)
        sizes.add(len(cell.ops))
        assert any(op in ("linear", "elementwise_prod", "elementwise_sum", "blend") for op in cell.ops)
    assert max(sizes) > 6


def recipe(**nodes: object) -> str:
    return json.dumps({**RNN, **nodes})


def node(op: object, *inputs: object) -> dict:
    return {"op": op, "input": list(inputs)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (recipe(f=node("linaer", "x", "h_prev_0")), "node 'f': op is 'linaer', use one of activation_tanh"),
        (recipe(f=node([], "x", "h_prev_0")), "node 'f': op is a list"),
        (
            recipe(f=node("linear", "x", "h_prev_1")),
            "node 'f' reads 'h_prev_1', which is neither a node nor h_prev_0, x",
        ),
        (recipe(f=node("linear", "x")), "node 'f': linear has 2 or 3 inputs, not 1"),
        (recipe(f=node("blend", "x", "h_prev_0")), "node 'f': blend has 3 inputs, not 2"),
        (recipe(f=node("linear", "x", "x")), "node 'f' reads one input twice"),
        (recipe(f=node("linear", "x", 1)), "node 'f': input is a list of names"),
        (recipe(f={"op": "linear"}), "node 'f' is no"),
        (recipe(f=3), "node 'f' is no"),
        (recipe(f=node("linear", "x", "h_new_0")), "is on a cycle or depends on one"),
        (recipe(f=node("linear", "x", "f")), "'f' is on a cycle or depends on one"),
        (recipe(g=node("activation_tanh", "f")), "no node reads 'g'"),
        (recipe(x=node("activation_tanh", "f")), "node 'x' is an input of the cell"),
        (recipe(h_new_2=node("activation_tanh", "f")), "h_new_0 and so on"),
        (recipe(h_new_1=node("activation_tanh", "f")), "no node reads h_prev_1"),
        (recipe(f=node("activation_sigm", "x")), "no node reads h_prev_0"),
        (json.dumps({"h_new_0": node("activation_tanh", "h_prev_0")}), "no node reads x"),
        ("{}", "h_new_0 and so on"),
        (recipe()[:40], "not JSON from character 39 on"),
        (recipe()[:-1] + ', "f": {}}', "field 'f' stands there twice"),
        ('{"f": {"op": "linear", "op": "blend"}}', "field 'op' stands there twice"),
        (
            json.dumps(
                {**RNN, "h_new_0": node("activation_tanh", "n24"), "n0": node("activation_tanh", "f")}
                | {f"n{i}": node("activation_tanh", f"n{i - 1}") for i in range(1, 25)}
            ),
            "it has 27 nodes, give 1 to 25",
        ),
    ],
)
def test_mistakes_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)


GOOD = SPACE.parse(json.dumps(RNN))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (GOOD.relabelled([1, 0, 2, 3]), "its first nodes are input:h_prev_0"),
        (GOOD.relabelled([0, 1, 3, 2]), r"edge \(3, 2\) leads back"),
        (Architecture(GOOD.ops, ((0, 1), *GOOD.edges)), r"edge \(0, 1\) leads back or to an input"),
        (Architecture(GOOD.ops, GOOD.edges[1:]), "node 2, 'linear', cannot have 1 inputs"),
        (Architecture(("input:h_prev_0", "input:x", "input:x"), ()), "its first nodes are"),
        (Architecture(("a", "b"), ((0, 1),)), "its first nodes are"),
        (
            Architecture((*GOOD.ops, "activation_tanh"), (*GOOD.edges, (2, 4))),
            "no other node reads 2 of the nodes, but there are 1 hidden states",
        ),
    ],
)
def test_other_graphs_are_refused(wrong: Architecture, message: str) -> None:
    for use in (SPACE.format, SPACE.canonical, SPACE.neighbours):
        with pytest.raises(ArchflowError, match=message):
            use(wrong)


def test_isomorphic_cells_have_one_canonical_form() -> None:
    cell = SPACE.parse(json.dumps(LSTM))
    again = SPACE.parse(json.dumps(dict(sorted(LSTM.items(), reverse=True))))
    assert cell != again
    assert SPACE.canonical(cell) == SPACE.canonical(again) != SPACE.canonical(GOOD)


def test_graphs_of_the_real_table(data_folder: Path) -> None:
    table = table_of(data_folder, "nasbench_nlp", SPACE)
    assert_parses_as_the_table(SPACE, table)
    some = table.architectures.select(np.arange(0, len(table), 31))
    assert [SPACE.parse(SPACE.format(cell)) for cell in some] == list(some)
