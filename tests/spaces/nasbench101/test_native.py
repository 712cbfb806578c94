import json

import pytest

from archflow.errors import ArchflowError
from archflow.spaces import NASBench101
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


MATRIX, OPS = "[[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]", "['conv3x3-bn-relu', 'maxpool3x3']"
OPS = f"['input', {OPS[1:-1]}, 'output']"
CELL = f'{{"module_adjacency": {MATRIX}, "module_operations": {OPS}}}'.replace("'", '"')
NNI = "{'op1': 'conv3x3-bn-relu', 'op2': 'maxpool3x3', 'input1': [0], 'input2': [0, 1], 'input3': [2]}"


@pytest.mark.parametrize(
    "text",
    [
        NNI,
        NNI.replace("[0],", "0,").replace("'", '"'),
        f"{{'matrix': {MATRIX}, 'ops': {OPS}}}",
        f"cell = api.ModelSpec(matrix={MATRIX}, ops={OPS})",
        f"'{CELL}'",
    ],
)
def test_forms_of_other_programs(text):
    assert NASBench101().parse(text) == NASBench101().parse(CELL)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NNI.replace("[0, 1]", "[0, 2]"), "input2 is not a list of earlier nodes"),
        (NNI.replace("'input3': [2]", "'input4': [2]"), "not JSON"),
        (NNI.replace("maxpool3x3", "maxpool"), "module_operations.2. is 'maxpool'"),
        ("ModelSpec(matrix=open('x'), ops=[])", "not JSON"),
        ("ModelSpec(" + "(" * 9000 + ")", "not JSON"),
    ],
)
def test_what_other_programs_would_not_write(text, message):
    with pytest.raises(ArchflowError, match=message):
        NASBench101().parse(text)
