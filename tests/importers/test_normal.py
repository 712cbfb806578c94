"""The normal form: constants folded, what changes nothing gone, the rest as it was."""

import pytest

from archflow.errors import ArchflowError
from archflow.importers.normal import IDENTITY, normal_form
from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Steps


def ops(nodes):
    return [node.op for node in nodes]


def test_learned_numbers_of_what_no_input_decides_count_where_they_are_used():
    steps = Steps()
    x, table = steps.input((1, 4, 8)), steps.weight("positions", (1, 9, 8))
    cut = steps.apply("slice", [table, steps.constant((2,))], (1, 4, 8))
    y = steps.apply("add", [x, cut], (1, 4, 8))
    nodes = normal_form(steps, [y])
    assert ops(nodes) == ["input", "add", "output"]
    assert nodes[1].weights == {"positions": 72}
    assert nodes[1].inputs == (0,)


def test_an_array_that_two_nodes_share_has_one_name():
    steps = Steps()
    x, w = steps.input((1, 4)), steps.weight("w", (4, 4))
    y = steps.apply("linear", [steps.apply("linear", [x, w], (1, 4)), w], (1, 4))
    nodes = normal_form(steps, [y])
    assert [node.weights for node in nodes] == [{}, {"w": 16}, {"w": 16}, {}]


@pytest.mark.parametrize(
    ("op", "shape", "left"),
    [
        (IDENTITY, (1, 4), []),
        ("reshape", (1, 4), []),
        ("slice", (1, 4), []),
        ("reshape", (4,), ["reshape"]),
        ("transpose", (1, 4), ["transpose"]),
        ("relu", (1, 4), ["relu"]),
    ],
)
def test_what_changes_nothing_goes(op, shape, left):
    steps = Steps()
    y = steps.apply(op, [steps.input((1, 4))], shape)
    assert ops(normal_form(steps, [y])) == ["input", *left, "output"]


def test_of_reshapes_in_a_row_one_is_left():
    steps = Steps()
    x = steps.input((2, 6))
    for shape in ((12,), (3, 4), (4, 3)):
        x = steps.apply("reshape", [x], shape)
    nodes = normal_form(steps, [x])
    assert ops(nodes) == ["input", "reshape", "output"]
    assert nodes[1].shape == (4, 3)
    back = steps.apply("reshape", [x], (2, 6))
    assert ops(normal_form(steps, [back])) == ["input", "output"]


def test_what_no_output_needs_goes_but_inputs_stay():
    steps = Steps()
    x, y = steps.input((1,)), steps.input((1,))
    steps.apply("exp", [y], (1,))
    nodes = normal_form(steps, [steps.apply("relu", [x], (1,))] * 2)
    assert ops(nodes) == ["input", "input", "relu", "output"]


def test_an_output_that_no_input_decides_is_a_constant():
    steps = Steps()
    steps.input((1,))
    nodes = normal_form(steps, [steps.apply("exp", [steps.weight("w", (3,))], (3,))])
    assert ops(nodes) == ["input", "constant", "output"]
    assert nodes[1].weights == {"w": 3}
    with pytest.raises(ArchflowError, match="no output"):
        normal_form(steps, [])


def test_learned_arrays_that_are_combined_over_and_over_are_refused(monkeypatch):
    monkeypatch.setattr("archflow.importers.normal._MOST_COMBINED", 100)
    steps = Steps()
    x, sum_ = steps.input((1,)), steps.weight("w", (1,))
    for number in range(20):
        sum_ = steps.apply("add", [sum_, steps.weight(f"w{number}", (1,))], (1,))
    with pytest.raises(ArchflowError, match="combined"):
        normal_form(steps, [steps.apply("add", [x, sum_], (1,))])


def test_uses_count_steps_that_are_needed_and_outputs():
    steps = Steps()
    x = steps.input((1,))
    y = steps.apply("relu", [x], (1,))
    steps.apply("exp", [y], (1,))
    assert Rewriting(steps, [y]).uses() == [1, 1, 0]
