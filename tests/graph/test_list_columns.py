import numpy as np
import pyarrow as pa
import pytest

from archflow.errors import ArchflowError
from archflow.graph.list_columns import list_column, number_lists, text_column

LISTS = [[0, 1], [], [2]]


def column(values: object) -> pa.Table:
    return pa.table({"x": values})


@pytest.mark.parametrize(
    "values",
    [
        pa.array(LISTS, pa.list_(pa.int64())),
        pa.array(LISTS, pa.large_list(pa.int32())),
        pa.array(LISTS, pa.list_(pa.float64())),
        pa.array(["[0, 1]", "[]", "[2]"]),
        pa.array(["[0, 1]", "[]", "[2]"]).dictionary_encode(),
        pa.chunked_array([pa.array(LISTS[:1], pa.list_(pa.int64())), pa.array(LISTS[1:], pa.list_(pa.int64()))]),
        pa.array([[9], *LISTS], pa.list_(pa.int64())).slice(1),
    ],
)
def test_lists_of_any_kind_are_flat_values_and_boundaries(values):
    flat, bounds = list_column(column(values), "x", pa.int64())
    assert (flat.to_pylist(), bounds.tolist()) == ([0, 1, 2], [0, 2, 2, 3])


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (pa.array([[0], None]), pa.int64(), "row 1: x is empty"),
        (pa.array([[0], [1, None]]), pa.int64(), "row 1: x holds an empty entry"),
        (pa.array([["conv"], [""]]), pa.string(), "row 1: x holds an empty entry"),
        (pa.array([["0"], ["1", "one"]]), pa.int64(), "row 1: x .*one"),
        (pa.array([3, 4]), pa.int64(), "column 'x' is int64, not a list for every row"),
    ],
)
def test_what_is_no_list_of_its_kind_is_named_by_its_row(values, kind, message):
    with pytest.raises(ArchflowError, match=message):
        list_column(column(values), "x", kind)


@pytest.mark.parametrize("values", [pa.array([[1.5, None], None, [2]]), pa.array([["1.5", "null"], None, ["2"]])])
def test_numbers_may_be_missing(values):
    numbers, lengths = number_lists(column(values), "x")
    np.testing.assert_array_equal(numbers, [1.5, np.nan, 2])
    assert lengths.tolist() == [2, 0, 1]


def test_texts_may_be_missing_and_are_nothing_else():
    assert text_column(column(pa.array(["a", None]).dictionary_encode()), "x") == ["a", ""]
    assert text_column(column(pa.nulls(2)), "x") == ["", ""]
    with pytest.raises(ArchflowError, match="column 'x' is int64, not text"):
        text_column(column([1, 2]), "x")
