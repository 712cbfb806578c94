"""Nodes that are added and removed, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.explore.edits import edited, former_nodes, in_words
from archflow.explore.node_edits import place_of
from archflow.graph import Architecture
from archflow.spaces import NASBench101
from tests.explore.test_edits import CHAIN, NAN


def added(op, sources, targets, **attributes):
    return {"kind": "add", "node": None, "op": op, "sources": sources, "targets": targets, "attributes": attributes}


def removed(node):
    return {"kind": "remove", "node": node}


def test_a_node_is_added_behind_its_inputs():
    after = edited(CHAIN, added("pool", [0, 1], [3], channels=16.0))
    assert after == Architecture(
        ("input", "conv", "pool", "conv", "output"),
        ((0, 1), (0, 2), (0, 4), (1, 2), (1, 3), (2, 4), (3, 4)),
        {"channels": [NAN, 16, 16, 32, NAN]},
    )
    assert former_nodes(CHAIN, added("pool", [0, 1], [3])) == [0, 1, -1, 2, 3]
    assert in_words(CHAIN, added("pool", [0, 1], [3])).startswith("node 2 (pool) added; ")
    wide = edited(CHAIN, added("pool", [1], [2], kernel=3.0)).attributes
    assert [value for value in wide["kernel"] if value == value] == [3.0]
    assert len(wide["channels"]) == 5


def test_a_removed_node_is_bypassed():
    after = edited(CHAIN, removed(1))
    assert after == Architecture(("input", "conv", "output"), ((0, 1), (0, 2), (1, 2)), {"channels": [NAN, 32, NAN]})
    assert former_nodes(CHAIN, removed(1)) == [0, 2, 3]
    assert in_words(CHAIN, removed(1)).startswith("node 1 (conv) removed; ")
    back = edited(after, added("conv", [0], [1], channels=16.0))
    assert edited(back, {"kind": "disconnect", "source": 0, "target": 2}).hash == CHAIN.hash


@given(data=st.data())
def test_edits_of_nodes_undo_each_other_and_never_close_a_cycle(data):
    op = st.sampled_from(("conv", "pool"))
    before = data.draw(st.sampled_from((CHAIN, edited(CHAIN, added("conv", [0], [2], channels=8.0)))))
    nodes = st.lists(st.integers(0, len(before.ops) - 1), min_size=1, unique=True)
    edit = added(data.draw(op), data.draw(nodes), data.draw(nodes), channels=4.0)
    try:
        after = edited(before, edit)
    except ArchflowError:
        return
    new = place_of(edit["sources"])
    assert former_nodes(before, edit)[new] == -1
    assert after.ops[new] == edit["op"]
    again = edited(after, removed(new))
    assert again.ops == before.ops
    assert set(before.edges) <= set(again.edges)
    assert {*again.edges} - {*before.edges} <= {(a, b) for a in edit["sources"] for b in edit["targets"]}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (added(None, [0], [3]), "choose an operation"),
        (added("conv", [], [3]), "choose where its data come from"),
        (added("conv", [0], None), "choose where its data come from, and where they go to"),
        (added("conv", [0, 9], [3]), "nodes are 0 to 3"),
        (added("conv", [2], [1]), "would close a cycle, since data flow from 1 to 2 already"),
        (added("conv", [1], [1]), "would close a cycle"),
        (removed(0), r"node 0 \(input\) is the only input of the graph; it has to stay"),
        (removed(3), r"node 3 \(output\) is the only output"),
        (removed(4), "nodes are 0 to 3"),
        (removed(None), "choose a node"),
    ],
)
def test_a_node_that_cannot_be_added_or_removed_is_one_line(edit, message):
    with pytest.raises(ArchflowError, match=message) as raised:
        edited(CHAIN, edit)
    assert "\n" not in str(raised.value)


def test_one_of_several_inputs_may_go_unless_a_node_needs_it():
    two = Architecture(("input", "input", "conv", "output"), ((0, 2), (2, 3), (1, 3)))
    assert edited(two, removed(1)).ops == ("input", "conv", "output")
    with pytest.raises(ArchflowError, match=r"node 2 \(conv\) would have no input"):
        edited(two, removed(0))


def test_nodes_stay_within_the_space():
    space = NASBench101()
    cell = Architecture(("input", "conv3x3-bn-relu", "output"), ((0, 1), (1, 2)))
    bigger = edited(cell, added("maxpool3x3", [0], [2]), space)
    assert space.contains(bigger)
    assert edited(bigger, removed(bigger.ops.index("maxpool3x3")), space).edges == ((0, 1), (0, 2), (1, 2))
    with pytest.raises(ArchflowError, match="nasbench101 has no such architecture"):
        edited(cell, added("conv5x5", [0], [2]), space)
