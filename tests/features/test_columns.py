"""Columns of the table as features."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from archflow.errors import ArchflowError
from archflow.features.columns import Columns
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table, read_table

ROWS = 4
GRAPHS = {"ops": [["a"]] * ROWS, "edge_src": pa.array([[]] * ROWS, pa.list_(pa.int64()))}


def table(folder, ending: str = "parquet", **columns) -> Table:
    """A table of a file with these columns."""
    path = folder / f"table.{ending}"
    written = pa.table({**GRAPHS, "edge_dst": GRAPHS["edge_src"], **columns})
    parquet.write_table(written, folder / "table.parquet")
    if ending != "parquet":
        read_table(folder / "table.parquet").write(path)
    return read_table(path)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_numbers_and_categories(tmp_path, ending):
    there = table(
        tmp_path, ending, params=[1.5, None, 3, 4], as_text=["1", "2", "", "1e3"], stage=["low", None, "high", "low"]
    )
    features = Columns.named(there, ["params", "as_text", "stage"])
    assert features.names == ("params", "as_text", "log:as_text", "stage=high", "stage=low")
    expected = [
        [1.5, np.nan, 3, 4],
        [1, 2, np.nan, 1000],
        np.log([1, 2, np.nan, 1000]),
        [0, 0, 1, 0],
        [1, 0, 0, 1],
    ]
    np.testing.assert_allclose(features(there).T, expected, rtol=1e-6)


def test_columns_of_no_use_are_left_out_with_a_warning(tmp_path):
    there = table(tmp_path, a=[1, 1, 1, 1], b=pa.nulls(4, pa.float64()), c=["x"] * 4, d=[1, None, 1, 1])
    features = Columns.named(there, ["a", "b", "c", "d"])
    assert features.names == ("d",), "its gaps tell"
    assert [line.split("'")[1] for line in features.warnings] == ["a", "b", "c"]
    assert "holds nothing" in features.warnings[1]


def test_outliers_and_infinities_become_finite_or_gaps(tmp_path):
    there = table(tmp_path, a=[1e-300, 1e300, float("inf"), -1e300])
    values = Columns.named(there, ["a"])(there)[:, 0]
    assert np.isnan(values[2])
    assert np.isfinite(values[[0, 1, 3]]).all()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["parms"], "'parms'; did you mean 'params'"),
        (["params", "params"], "'params' is named twice"),
        (["acc"], "'acc' is the metric to predict"),
        (["name"], "'name' has 4 different texts"),
    ],
)
def test_bad_names_are_refused(tmp_path, names, said, monkeypatch):
    monkeypatch.setattr("archflow.features.category.MOST", 3)
    there = table(tmp_path, params=[1, 2, 3, 4], acc=[1, 2, 3, 4], name=["w", "x", "y", "z"])
    with pytest.raises(ArchflowError, match=said):
        Columns.named(there, names, metrics=["-acc"])


def test_a_table_that_lacks_a_column(tmp_path):
    features = Columns.named(table(tmp_path, params=[1, 2, 3, 4]), ["params"])
    with pytest.raises(ArchflowError, match=r"need column 'params'.*did you mean 'params_M'.*--features none"):
        features(table(tmp_path, params_M=[1, 2, 3, 4]))


def test_text_where_there_were_numbers(tmp_path):
    features = Columns.named(table(tmp_path, params=[1, 2, 3, 4]), ["params"])
    with pytest.raises(ArchflowError, match="'params' is not numeric: row 2 holds 'many'"):
        features(table(tmp_path, params=["1", "2", "many", "4"]))


def test_numbers_where_there_were_texts(tmp_path):
    features = Columns.named(table(tmp_path, stage=["1", "2", "late", "2"]), ["stage"])
    later = Table(ArchitectureSet.from_architectures([Architecture(("a",), ())] * 2), {"stage": np.array([1.0, 5.0])})
    np.testing.assert_array_equal(features(later), [[1, 0, 0], [0, 0, 0]])


def test_columns_that_are_known_before_training_are_found(tmp_path):
    there = table(tmp_path, params_M=[1, 2, 3, 4], zc_x=[1, 2, 3, 3], val_acc=[1, 2, 3, 4], flops=[1, 1, 1, 1])
    assert Columns.of(there).names == ("params_M", "zc_x")
