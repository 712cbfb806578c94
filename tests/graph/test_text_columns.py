import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from archflow.graph.text_columns import UNTYPED, as_text, numbers, rows_for_json, texts, typed, why_no_numbers


def untyped(*values: str | None) -> pa.Table:
    """A column as a CSV file gives it."""
    return pa.table([pa.array(values, pa.string())], schema=pa.schema([pa.field("x", pa.string(), metadata=UNTYPED)]))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (untyped("1", " +2.5 ", "", "N/A"), [1, 2.5, np.nan, np.nan]),
        (untyped("true", "False"), [1, 0]),
        (untyped("1e3", "-inf"), [1000, -np.inf]),
        (pa.table({"x": [True, None]}), [1, np.nan]),
        (pa.table({"x": [Decimal("1.5")]}), [1.5]),
        (pa.table({"x": pa.nulls(2)}), [np.nan, np.nan]),
    ],
)
def test_numbers_are_read_where_there_are_only_numbers(columns, expected):
    np.testing.assert_array_equal(numbers(columns, "x"), expected)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (untyped("1", "high"), "column 'x' is not numeric: row 1 holds 'high'; write it like 91.4, or leave it empty"),
        (untyped("9007199254740993", "1"), "column 'x': row 0 holds 9007199254740993, an integer beyond what"),
        (pa.table({"x": [None, b"ab"]}), "column 'x' is not numeric: row 1 holds \"b'ab'\""),
    ],
)
def test_why_a_column_has_no_numbers(columns, reason):
    assert numbers(columns, "x") is None
    assert why_no_numbers(columns, "x").startswith(reason)


def test_texts_are_without_spaces_and_gaps():
    assert texts(pa.table({"x": [" a ", "", "nan", None]}), "x") == ["a", None, None, None]
    assert texts(pa.table({"x": [1, None]}), "x") == ["1", None]


def test_a_number_that_would_change_stays_text():
    assert typed(untyped("1", ""))["x"].to_pylist() == [1, None]
    assert typed(untyped("007", "1"))["x"].to_pylist() == ["007", "1"]


def test_lists_and_objects_have_a_form_in_text_files():
    columns = pa.table({"ops": [["a", "b"]], "node_k": [[1.0, None]], "more": [[1, 2]], "bytes": [b"\xff"]})
    written = as_text(columns).to_pylist()[0]
    assert written["more"] == "[1, 2]"
    assert json.loads(written["bytes"]) == r"\xff"
    assert written["node_k"] == "[1, nan]"
    assert json.loads(next(rows_for_json(columns)))["ops"] == ["a", "b"]
