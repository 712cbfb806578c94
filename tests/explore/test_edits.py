"""Edits: what they change, and what is refused."""

import pytest

from archflow.errors import ArchflowError
from archflow.explore.edits import edited
from archflow.graph import Architecture
from archflow.spaces import NASBench201

NAN = float("nan")
CHAIN = Architecture(
    ("input", "conv", "conv", "output"),
    ((0, 1), (1, 2), (2, 3), (0, 3)),
    {"channels": [NAN, 16, 32, NAN]},
)


def test_edits():
    op = edited(CHAIN, {"kind": "operation", "node": 1, "op": "pool"})
    assert op.ops == ("input", "pool", "conv", "output")
    assert op.edges == CHAIN.edges
    wide = edited(CHAIN, {"kind": "attribute", "node": 2, "name": "channels", "value": 64})
    assert wide.attributes["channels"][2] == 64
    assert wide.attributes["channels"][1] == 16
    more = edited(CHAIN, {"kind": "connect", "source": 1, "target": 3})
    assert set(more.edges) == {*CHAIN.edges, (1, 3)}
    assert edited(more, {"kind": "disconnect", "source": 1, "target": 3}) == CHAIN


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"kind": "connect", "source": 2, "target": 1}, "would close a cycle"),
        ({"kind": "connect", "source": 1, "target": 1}, "would close a cycle"),
        ({"kind": "connect", "source": 0, "target": 1}, "is there already"),
        ({"kind": "connect", "source": None, "target": 1}, "choose a node"),
        ({"kind": "connect", "source": 0, "target": 9}, "nodes are 0 to 3"),
        ({"kind": "disconnect", "source": 1, "target": 3}, "there is no edge"),
        ({"kind": "disconnect", "source": 1, "target": 2}, r"node 2 \(conv\) would have no input"),
        ({"kind": "disconnect", "source": 2, "target": 3}, r"node 2 \(conv\) would have no output"),
        ({"kind": "operation", "node": 1, "op": None}, "choose an operation"),
        ({"kind": "attribute", "node": 0, "name": "channels", "value": 3}, "has no channels"),
        ({"kind": "attribute", "node": 1, "name": "channels", "value": None}, "give a number"),
        ({"kind": "attribute", "node": 1, "name": "kernel", "value": 3}, "nodes have channels"),
    ],
)
def test_what_is_no_architecture_is_one_line(edit, message):
    with pytest.raises(ArchflowError, match=message) as raised:
        edited(CHAIN, edit)
    assert "\n" not in str(raised.value)


def test_a_space_is_not_left(cells):
    cell, space = cells.architectures[0], NASBench201()
    inner = next(node for node, op in enumerate(cell.ops) if op not in ("input", "output"))
    assert space.contains(edited(cell, {"kind": "operation", "node": inner, "op": "none"}, space))
    for edit in (
        {"kind": "operation", "node": inner, "op": "conv_7x7"},
        {"kind": "connect", "source": 0, "target": len(cell.ops) - 1},
    ):
        with pytest.raises(ArchflowError, match="nasbench201 has no such architecture"):
            edited(cell, edit, space)
        assert edited(cell, edit) != cell
