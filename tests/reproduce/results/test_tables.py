"""Records as tables for `archflow report`."""

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow.report import result_tables
from archflow.report.result import result_text
from archflow_reproduce.results.tables import record_tables

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "results"


def content(name):
    return json.loads((RESULTS / name).read_text())


@pytest.mark.parametrize("name", ["travel-30.json", "search-nasbench201.json", "latency-cpu.json", "devices-few.json"])
def test_records_have_the_tables_of_the_page_with_best_values(name):
    tables = record_tables(content(name))
    assert any(cell.best for row in tables[0].rows() for cell in row)
    assert all("|" not in head and "`" not in head for table in tables for head in table.heads)


def test_the_highest_tau_and_the_lowest_rank_are_best():
    table = record_tables(content("travel-30.json"))[0]
    assert table.caption == "30 labels: Kendall tau, mean over runs"
    for head, best in (("mean", max), ("rank", min)):
        cells = [row[table.heads.index(head)] for row in table.rows()]
        cells = [cell for cell in cells if cell.text != "–"]
        assert {float(cell.text) for cell in cells if cell.best} == {best(float(cell.text) for cell in cells)}


def test_the_distribution_registers_them_for_archflow_report(monkeypatch):
    declared = tomllib.loads((ROOT / "reproduce/pyproject.toml").read_text())["project"]["entry-points"]
    points = [EntryPoint(*each, "archflow.results") for each in declared["archflow.results"].items()]
    monkeypatch.setattr(result_tables, "entry_points", lambda group: points)
    assert r"\textbf{" in result_text(content("travel-30.json"), "tex")


def test_a_record_of_another_schema_is_refused():
    with pytest.raises(ArchflowError, match="RESULT: a record of schema 0"):
        record_tables({**content("travel-30.json"), "schema": 0})
