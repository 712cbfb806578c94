"""Data frames of other libraries become tables, and tables become frames."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import archflow
from archflow.encoders.embedder import as_set
from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.stacked import StackedPredictor
from archflow.spaces import TableSpace
from tests.tables import OLD_PYARROW, scored_cells


class Exported:
    """Exports an Arrow stream and is nothing else, as a frame of any library may be."""

    def __init__(self, content: pa.Table) -> None:
        self.content = content

    def __arrow_c_stream__(self, requested_schema=None):
        return self.content.__arrow_c_stream__(requested_schema)


@pytest.fixture(scope="module")
def table() -> Table:
    return scored_cells(30)


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "any"])
def test_a_frame_holds_the_table_that_it_was_made_of(table, library):
    frame = {"pandas": table.to_pandas, "pyarrow": table.to_arrow, "any": lambda: Exported(table.to_arrow())}[library]()
    back = Table.from_frame(frame)
    assert list(back.architectures) == list(table.architectures)
    assert back.native == table.native
    for name in table.metrics:
        np.testing.assert_array_equal(back.metric(name), table.metric(name))


def test_a_frame_and_a_file_are_the_same_table(table, tmp_path):
    table.write(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").to_pandas().equals(table.to_pandas())


def test_an_index_is_left_out_and_chosen_rows_stay_in_order(table):
    frame = table.to_pandas().iloc[::-1]
    frame.index = pd.Index([f"row {i}" for i in range(len(frame))], name="id")
    back = Table.from_frame(frame)
    assert "id" not in back.column_names
    assert list(back.architectures) == list(table.architectures)[::-1]


def test_a_frame_is_taken_where_architectures_are(table):
    assert list(as_set(table.to_pandas())) == list(table.architectures)


def test_a_predictor_learns_from_a_frame_and_predicts_one(table):
    predictor = StackedPredictor(components=("ridge",), features=("counts",))
    frame = table.to_pandas()
    predictor.fit(frame, metrics=["score"])
    np.testing.assert_array_equal(predictor.predict(frame).mean, predictor.predict(table).mean)


FORMS = {
    "an architecture": lambda table: table[0],
    "a list": lambda table: [table[0]],
    "a set": lambda table: table.architectures[:1],
    "a table": lambda table: table[:1],
    "a frame": lambda table: table.to_pandas()[:1],
}


@pytest.fixture(scope="module")
def taught(table):
    """A stack and a network that learnt from lists."""
    architectures, labels = list(table.architectures), list(table.metric("score"))
    stacked = StackedPredictor(components=("ridge",), features=("counts",))
    stacked.fit(architectures, labels)
    network = archflow.NetworkPredictor(archflow.create("mlp", table, width=8), settings=FineTuneSettings(epochs=2))
    tuned = network.fit(architectures, labels)
    assert repr(tuned).startswith("FineTuned(1 of OperationMLP; 2 epochs; best validation score ")
    return stacked, network


@pytest.mark.parametrize("form", FORMS)
def test_predictors_take_architectures_in_any_form(table, taught, form):
    for predictor in taught:
        whole = predictor.predict(table).mean.reshape(len(table))
        assert predictor.predict(FORMS[form](table)).mean.ravel() == pytest.approx(whole[:1], abs=1e-5)


def test_a_frame_is_loaded_as_a_table(table):
    assert archflow.load(table.to_pandas()).to_pandas().equals(table.to_pandas())


@pytest.mark.parametrize("wrong", [3, "x.csv", [1, 2], {"ops": []}, None])
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(ArchflowError, match="is not a data frame; give one of pandas, polars or pyarrow"):
        Table.from_frame(wrong)


def test_a_frame_without_graphs_is_refused_as_a_file_would_be():
    with pytest.raises(ArchflowError, match="ops"):
        Table.from_frame(pd.DataFrame({"accuracy": [1.0]}))
    with pytest.raises(ArchflowError, match=r"the data frame cannot be read \("):
        Table.from_frame(pd.DataFrame({"ops": [object(), 3]}))


def test_one_column_of_a_frame_is_refused_as_one(table):
    with pytest.raises(ArchflowError, match="it is a single column; give the whole frame"):
        Table.from_frame(table.to_pandas()["ops"])
    with pytest.raises(ArchflowError, match=r"'score' is not a row; for a column give metric\('score'\)"):
        table["score"]


def test_slices_lists_and_masks_select(table):
    cells = table.architectures
    mask = np.arange(len(table)) % 2 == 1
    for rows in (slice(3), [1, 2], np.array([2, 0]), mask, slice(None, None, -2), []):
        expected = np.arange(len(table))[rows if not isinstance(rows, list) or rows else slice(0)]
        assert list(cells[rows]) == [cells[int(row)] for row in expected]
        assert list(table[rows].architectures) == list(cells[rows])
        for name in table.metrics:
            np.testing.assert_array_equal(table[rows].metric(name), table.metric(name)[expected])
    assert table[1] == cells[1] == table[np.int64(1)]
    assert table[-1] == cells[-1]
    with pytest.raises(IndexError, match=f"row {len(cells)} of {len(cells)} architectures"):
        cells[len(cells)]
    assert archflow.Table is Table
    assert list(Table.from_pandas(table.to_pandas()).architectures) == list(cells)


@pytest.mark.skipif(OLD_PYARROW, reason="pyarrow 17 has no string views")
def test_rows_of_string_views_can_be_taken():
    """As polars exports texts."""
    cells = scored_cells(4).with_texts({"device": ["a", "b", "c", "d"]}).to_arrow()
    place = cells.column_names.index("device")
    table = Table.from_frame(cells.set_column(place, "device", cells["device"].cast(pa.string_view())))
    assert table[[2, 0]].texts("device") == ["c", "a"]


def test_a_frame_is_a_space():
    assert TableSpace(scored_cells(4).to_pandas()).size == TableSpace(scored_cells(4)).size  # type: ignore[arg-type]
