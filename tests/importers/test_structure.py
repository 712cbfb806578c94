"""Blocks from the structure of a graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph import Architecture
from archflow.importers.structure import blocks_of
from archflow.testing import random_architectures


def chain(*ops):
    return Architecture(ops, tuple((i, i + 1) for i in range(len(ops) - 1)))


def drawn(blocks, ops):
    """Blocks as nested lists of operations."""
    return [drawn(each.parts, ops) if each.parts else [ops[node] for node in each.nodes] for each in blocks]


def outermost(model, depth=1):
    return drawn(blocks_of(model, depth), model.ops)


def test_a_block_begins_at_every_product_of_a_chain():
    model = chain("input", "cast", "conv2d", "relu", "max_pool2d", "linear", "output")
    assert outermost(model) == [["input"], ["cast"], ["conv2d", "relu", "max_pool2d"], ["linear"], ["output"]]


RESIDUAL = Architecture(
    ("input", "conv2d", "relu", "conv2d", "relu", "conv2d", "add", "relu", "output"),
    ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (2, 6), (6, 7), (7, 8)),
)


def test_a_block_begins_where_the_trunk_parts_and_ends_behind_where_it_meets():
    assert outermost(RESIDUAL) == [
        *(["input"], ["conv2d", "relu"], ["conv2d", "relu", "conv2d", "add", "relu"], ["output"])
    ]
    assert outermost(RESIDUAL, 2)[2] == [["conv2d", "relu"], ["conv2d"], ["add", "relu"]]


def test_a_side_input_belongs_to_what_takes_it_first():
    # A mask that both layers take; the words pass more nodes.
    model = Architecture(
        ("input", "embedding", "input", "sub", "linear", "attention", "linear", "attention", "output"),
        ((0, 1), (2, 3), (1, 4), (4, 5), (3, 5), (5, 6), (6, 7), (3, 7), (7, 8)),
    )
    found = outermost(model)
    assert ["linear"] in found
    assert ["sub", "attention"] in found
    assert sum(each.count("attention") for each in found) == 2


def test_a_side_output_belongs_to_what_it_comes_from():
    model = Architecture(
        ("input", "conv2d", "conv2d", "conv2d", "output", "mean", "output"),
        ((0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6)),
    )
    assert ["conv2d", "mean"] in outermost(model)
    assert outermost(model)[-2:] == [["output"], ["output"]]


def test_branches_are_divided_each_for_itself():
    model = Architecture(
        ("input", "relu", "conv2d", "conv2d", "conv2d", "concat", "output"),
        ((0, 1), (1, 2), (2, 3), (1, 4), (3, 5), (4, 5), (5, 6)),
    )
    assert drawn(blocks_of(model), model.ops)[2] == [["conv2d"], ["conv2d"], ["conv2d"], ["concat"]]


def test_two_outputs_that_reach_as_far():
    model = Architecture(
        ("input", "linear", "linear", "linear", "output", "output"), ((0, 1), (1, 2), (1, 3), (2, 4), (3, 5))
    )
    assert outermost(model) == [["input"], ["linear"], ["linear", "linear"], ["output"], ["output"]]


def test_nothing_between_the_ends():
    assert outermost(Architecture(("input", "output"), ((0, 1),))) == [["input"], ["output"]]
    assert outermost(Architecture(("conv2d",), ())) == [["conv2d"]]


def test_layers_that_all_take_what_an_encoder_gives_are_blocks():
    ops, edges = ["input", "linear", "input", "embedding"], [(0, 1), (2, 3)]
    for _ in range(4):
        last = len(ops)
        ops += ["linear", "attention", "add"]
        edges += [(1, last), (last - 1, last + 1), (last, last + 1), (last - 1, last + 2), (last + 1, last + 2)]
    ops.append("output")
    edges.append((len(ops) - 2, len(ops) - 1))
    found = blocks_of(Architecture(tuple(ops), tuple(edges)))
    layer = ["linear", "attention", "add"]
    inside = next(each for each in found if len(each.nodes) > 4)
    assert [sorted(ops[node] for node in each.nodes) for each in inside.parts].count(sorted(layer)) >= 2
    check(Architecture(tuple(ops), tuple(edges)))


def leaves(blocks):
    return [leaf for each in blocks for leaf in (leaves(each.parts) if each.parts else [each])]


def check(model):
    """Every node is in one block, also of the blocks in blocks, and no two need each other."""
    for depth in (1, 2, 8):
        blocks = blocks_of(model, depth)
        assert sorted(node for each in blocks for node in each.nodes) == list(range(len(model.ops)))
        pending = list(blocks)
        while pending:
            each = pending.pop()
            pending.extend(each.parts)
            inside = sorted(node for part in each.parts for node in part.nodes)
            assert not each.parts or inside == sorted(each.nodes)
        number = {node: i for i, each in enumerate(leaves(blocks)) for node in each.nodes}
        between = {(number[a], number[b]) for a, b in model.edges if number[a] != number[b]}
        Architecture(tuple("x" for _ in leaves(blocks)), tuple(between))  # refuses a cycle


OPS = ("input", "conv2d", "relu", "add", "linear", "output")


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 24))
    ops = draw(st.lists(st.sampled_from(OPS), min_size=count, max_size=count))
    pairs = [(a, b) for b in range(count) for a in range(max(0, b - 5), b)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2 * count)) if pairs else []
    return Architecture(tuple(ops), tuple(edges))


@given(graphs(), st.randoms(use_true_random=False))
def test_every_graph_is_divided_whatever_its_numbering(model, random):
    check(model)
    order = list(range(len(model.ops)))
    random.shuffle(order)
    other = model.relabelled(order)
    for depth in (1, 3):
        found = {frozenset(order[node] for node in each.nodes) for each in leaves(blocks_of(other, depth))}
        assert found == {frozenset(each.nodes) for each in leaves(blocks_of(model, depth))}


def test_cells_of_benchmarks_are_divided():
    for model in random_architectures(40, seed=5):
        check(model)


@pytest.mark.parametrize("ends", [3, 100])
def test_many_inputs_take_no_time_each(ends):
    ops = ("input",) * ends + ("add",) * ends + ("output",)
    edges = [(i, ends + i) for i in range(ends)] + [(ends + i, ends + i + 1) for i in range(ends)]
    model = Architecture(ops, tuple(edges))
    check(model)
    assert len(blocks_of(model, 1)) == ends + 2


def test_skips_in_skips_end():
    count = 200
    edges = [(i, i + 1) for i in range(count)] + [(i, count - i) for i in range(1, count // 2 - 1)]
    check(Architecture(("input", *["relu"] * (count - 1), "output"), tuple(edges)))
