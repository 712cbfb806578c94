"""The tables: names, what is read of them, and refusals in one line."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow_reproduce.travel.tables import TABLES, Entry, entries, measured
from tests.tables import scored_cells


def test_there_are_enough_tables_and_their_names_differ():
    names = [entry.name for entry in TABLES]
    assert len(set(names)) == len(names) >= 16
    assert [entry.name for entry in entries(["macro", "nb101"])] == ["nb101", "macro"]
    with pytest.raises(ArchflowError, match="no table is called 'nb102'; there are: nb101"):
        entries(["nb102"])


@pytest.mark.parametrize("entry", TABLES, ids=lambda entry: entry.name)
def test_every_table_is_read(entry, data_folder, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    table, labels = measured(entry)
    assert len(table) == len(labels) >= 300
    assert np.isfinite(labels).all()
    assert entry.metric.removeprefix("-") not in table.metrics
    assert len(np.unique(labels)) > 50


def test_the_shipped_table_has_its_costs():
    table, labels = measured(entries(["digits201"])[0])
    assert {"params", "flops", "zc_jacov"} <= set(table.metrics)
    assert not any("accuracy" in name or "loss" in name or "seconds" in name for name in table.metrics)
    assert 50 < labels.max() < 100


def test_only_known_columns_are_left_and_lower_is_turned(tmp_path, monkeypatch):
    cells = scored_cells(8)
    score = np.array([1, 2, np.nan, 4, 5, 6, 7, 8.0])
    columns = {"ms": score, "params": np.arange(8.0), "params_M": np.ones(8), "accuracy": score}
    Table(cells.architectures, columns).write(tmp_path / "mine.parquet")
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path))
    table, labels = measured(Entry("mine", "mine", "-ms", "cell", ("params*",)))
    assert list(table.metrics) == ["params"]
    assert labels.tolist() == [-1, -2, -4, -5, -6, -7, -8]
    with pytest.raises(ArchflowError, match="no column 'source'"):
        measured(Entry("mine", "mine", "ms", "cell", only=("source", "x")))


def test_a_table_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path))
    with pytest.raises(ArchflowError, match=r"nb_macro: not on this machine; set ARCHFLOW_DATA"):
        measured(entries(["macro"])[0])
