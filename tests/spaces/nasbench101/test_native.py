import json

import pytest

from archflow.errors import ArchflowError
from archflow.spaces.nasbench101.native import read, write


def native(matrix: list[list[int]], *ops: str) -> str:
    return json.dumps({"module_adjacency": matrix, "module_operations": ["input", *ops, "output"]})


CHAIN = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_what_is_written_is_read():
    cell = read(native(CHAIN, "conv3x3-bn-relu"))
    assert cell.ops == ("input", "conv3x3-bn-relu", "output")
    assert set(cell.edges) == {(0, 1), (1, 2)}
    assert read(write(cell)) == cell


def test_nodes_on_no_path_are_dropped():
    dead = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert read(native(dead, "conv3x3-bn-relu", "maxpool3x3")) == read(native(CHAIN, "conv3x3-bn-relu"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (native([[0, 0], [0, 0]]), "has no path from input to output; add edges"),
        (native(CHAIN, "conv7x7"), "conv7x7"),
        (native([[0, 1], [0]]), "module_adjacency"),
        (native([[int(b > a) for b in range(6)] for a in range(6)], *["maxpool3x3"] * 4), "15 edges .*; at most 9"),
    ],
)
def test_what_is_no_cell_is_refused(text, message):
    with pytest.raises(ArchflowError, match=message):
        read(text)
