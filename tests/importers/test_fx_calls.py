"""Calls of torch operations by name."""

import pytest
import torch

from archflow.importers.fx_calls import Traced, applied, item_of
from archflow.importers.steps import Steps


def traced(steps, *shape, dtype=torch.float32):
    return Traced(steps.input(shape), torch.empty(shape, dtype=dtype, device="meta"))


@pytest.mark.parametrize(
    ("name", "rest", "op", "shape"),
    [
        ("method.transpose", [0, 1], "transpose", (3, 2)),
        ("torch.nn.functional.relu", [], "relu", (2, 3)),
        ("operator.add", [1.5], "add", (2, 3)),
        ("operator.getitem", [[slice(None), 0]], "slice", (2,)),
        ("torch.nn.functional.hardtanh", [0.0, 6.0], "relu6", (2, 3)),
        ("attr.T", [], "transpose", (3, 2)),
        ("method.view", [7, 7], "reshape", None),
        ("torch.frobnicate", [], "frobnicate", None),
        ("os.system", [], "system", None),
        ("method.__reduce__", [], "__reduce__", None),
        ("torch.load", [], "load", None),
    ],
)
def test_calls(name, rest, op, shape):
    steps = Steps()
    result = applied(steps, name, [traced(steps, 2, 3), *rest], {})
    assert steps[result.step].op == op
    assert steps[result.step].shape == shape
    assert (result.tensor is None) == (shape is None)


def test_sizes_are_numbers_and_take_no_step():
    steps = Steps()
    x = traced(steps, 2, 3)
    assert applied(steps, "method.size", [x, 1], {}) == 3
    assert applied(steps, "operator.mul", [3, 4], {}) == 12
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("operator.pow", [9, 9**9]), ("operator.mul", [[None], 10**12]), ("operator.mul", ["a", 10**12])],
)
def test_numbers_that_would_fill_the_memory_are_not_computed(name, arguments):
    steps = Steps()
    assert applied(steps, name, arguments, {}).tensor is None


def test_several_results_are_parts_of_one_step():
    steps = Steps()
    parts = applied(steps, "torch.functional.split", [traced(steps, 2, 7), 3, 1], {})
    assert [tuple(part.tensor.shape) for part in parts] == [(2, 3), (2, 3), (2, 1)]
    assert {steps[part.step].inputs for part in parts} == {(1,)}
    assert item_of(steps, parts, 2) is parts[2]
    assert item_of(steps, parts, 9) is None
    unknown = item_of(steps, Traced(0, None), 1)
    assert steps[unknown.step].inputs == (0,)


def test_a_normalisation_keeps_the_shape_whatever_cannot_be_read():
    steps = Steps()
    x, unknown = traced(steps, 2, 3), Traced(steps.constant(None), None)
    result = applied(steps, "torch.nn.functional.batch_norm", [x, unknown, unknown, unknown, unknown, False], {})
    assert steps[result.step].shape == (2, 3)
    assert len(steps[result.step].inputs) == 3  # not the running mean and variance


def test_nothing_is_made_where_the_text_wants_it():
    steps = Steps()
    result = applied(steps, "torch.zeros", [1 << 20, 1 << 20], {"device": "cpu"})
    assert result.tensor.is_meta
    assert applied(steps, "torch.zeros", [1 << 30, 1 << 30], {}).tensor is None
