import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.base import SPACES
from archflow.spaces.nasbench101 import NASBench101
from archflow.testing import check_search_space
from tests.spaces.nasbench101_cells import C1, C3, GOOD, POOL, SPACE, cells, renumbered


def text_of(matrix: object, names: object) -> str:
    return json.dumps({"module_adjacency": matrix, "module_operations": names})


def test_space_is_registered_and_keeps_its_contract() -> None:
    assert SPACES.get("nasbench101") is NASBench101
    check_search_space(SPACE)


def test_parse_prunes_as_published_and_keeps_the_order() -> None:
    matrix = np.zeros((7, 7), int)
    matrix[[0, 0, 1, 2, 0, 3], [1, 2, 6, 6, 3, 4]] = 1  # nodes 3 and 4 lead nowhere
    matrix[5, 6] = 1  # nothing leads to node 5
    cell = SPACE.parse(text_of(matrix.tolist(), ["input", POOL, C3, C1, C1, C3, "output"]))
    assert cell == Architecture(("input", POOL, C3, "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))


def test_limits_hold_for_what_is_left_after_pruning() -> None:
    matrix = np.zeros((9, 9), int)
    matrix[0, 1:8] = 1
    matrix[1, 8] = 1
    assert SPACE.parse(text_of(matrix.tolist(), ["input", *[C3] * 7, "output"])).ops == ("input", C3, "output")
    matrix[1:7, 8] = 1
    with pytest.raises(ArchflowError, match="8 nodes are on paths"):
        SPACE.parse(text_of(matrix.tolist(), ["input", *[C3] * 7, "output"]))
    full = np.triu(np.ones((5, 5), int), 1)
    with pytest.raises(ArchflowError, match="10 edges are on paths"):
        SPACE.parse(text_of(full.tolist(), ["input", *[C3] * 3, "output"]))


@given(cells, st.integers(0, 99))
def test_format_and_parse_are_inverse(cell: Architecture, seed: int) -> None:
    for same in (cell, renumbered(cell, seed)):
        text = SPACE.format(same)
        assert "\n" not in text
        assert SPACE.parse(text) == same
        assert SPACE.format(SPACE.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPACE.format(GOOD)[:-1], r"character \d+ .*found the end"),
        ("[]", "not a JSON object"),
        (SPACE.format(GOOD).replace("module_operations", "module_ops"), "'module_ops'"),
        ('{"module_operations": ["input", "output"]}', "'module_adjacency' is missing"),
        (text_of([[0]], ["input"]), "at least 2 rows"),
        (text_of(5, ["input"]), "at least 2 rows"),
        (text_of([[0, 1], [0]], ["input", "output"]), r"module_adjacency\[1\] is not a list of 2"),
        (text_of([[0, 2], [0, 0]], ["input", "output"]), r"module_adjacency\[0\]\[1\] is 2; use 0 or 1"),
        (text_of([[0, [1]], [0, 0]], ["input", "output"]), r"module_adjacency\[0\]\[1\] is a list"),
        (text_of([[0, 1], [1, 0]], ["input", "output"]), r"module_adjacency\[1\]\[0\] is 1, .* not go forward"),
        (text_of([[0, 0], [0, 0]], ["input", "output"]), "no path from input to output"),
        (text_of([[0, 1], [0, 0]], ["input"]), "not a list of 2 names"),
        (text_of([[0, 1], [0, 0]], ["output", "input"]), r"module_operations\[0\] is 'output'; use input"),
        (SPACE.format(GOOD).replace(POOL, "maxpool"), r"module_operations\[5\] is 'maxpool'; use conv3x3"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as error:
        SPACE.parse(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ops, edges: (("output", *ops[1:]), edges), "give input, at most 5 operations"),
        (lambda ops, edges: ((*ops[:2], "avgpool", *ops[3:]), edges), "node 2 is 'avgpool'"),
        (lambda ops, edges: ((*ops[:1], "input", *ops[2:]), edges), "node 1 is 'input'"),
        (lambda ops, edges: (ops, (*edges, (1, 4))), "10 edges"),
        (lambda ops, edges: ((*ops[:-1], C3, "output"), (*edges[:-2], (5, 7))), "at most 5 operations"),
        (lambda ops, edges: (ops, tuple(e for e in edges if e != (0, 3))), "node 3 is on no path"),
        (lambda ops, edges: (ops, (*edges[:-2], (5, 4), (5, 6))), "edge 5->4 goes backward"),
    ],
)
def test_other_graphs_are_refused(change: Callable[..., tuple], message: str) -> None:
    wrong = Architecture(*change(GOOD.ops, GOOD.edges))
    for use in (SPACE.format, SPACE.canonical, SPACE.neighbours, SPACE.build):
        with pytest.raises(ArchflowError, match=message):
            use(wrong)
    both = ArchitectureSet.from_architectures([GOOD, wrong])
    with pytest.raises(ArchflowError, match=r"row 1: unknown operation|architecture 1 .*" + message):
        SPACE.costs(both)
