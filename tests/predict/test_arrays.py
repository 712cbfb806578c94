"""Arrays from files are what was asked for, or are refused."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.arrays import LARGEST, floats_of, indices_of


def test_what_was_asked_for_is_given_as_float64():
    found = floats_of({"a": np.ones((2, 3), np.float32), "other": np.ones(1)}, {"a": (2, None)})
    assert list(found) == ["a"]
    assert found["a"].dtype == np.float64
    assert indices_of({"b": np.arange(3, dtype=np.uint8)}, {"b": (3,)})["b"].dtype == np.int64


@pytest.mark.parametrize(
    "array",
    [
        np.ones(2, np.int64),
        np.ones((2, 1)),
        np.ones(3),
        np.array(1.0),
        np.array(["a", "b"]),
        np.array([None, None]),
        np.array([1.0, np.nan]),
        np.array([-np.inf, 1.0]),
        np.array([1.0, -2 * LARGEST]),
        np.ones(2, complex),
    ],
)
def test_anything_else_is_refused(array):
    with pytest.raises(ArchflowError, match="array a "):
        floats_of({"a": array}, {"a": (2,)})


def test_a_missing_array_is_refused():
    with pytest.raises(ArchflowError, match="array a is missing"):
        floats_of({}, {"a": (2,)})
    with pytest.raises(ArchflowError, match="array a is missing"):
        indices_of({}, {"a": ()})


@pytest.mark.parametrize("array", [np.array([0, -1]), np.array([0.0, 1.0]), np.array([True, False])])
def test_indices_are_whole_and_not_negative(array):
    with pytest.raises(ArchflowError, match="array a "):
        indices_of({"a": array}, {"a": (2,)})
