"""The study resumes, adds up, and forgets what was measured otherwise."""

import json

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.travel_report import travel_report
from archflow_reproduce.travel import study
from archflow_reproduce.travel.answer import Answer
from archflow_reproduce.travel.earlier import Earlier
from archflow_reproduce.travel.methods import Method
from archflow_reproduce.travel.study import Selection, run_travel
from tests.reproduce.results.records import write

SMALL = {"tables": ("digits201",), "budgets": ("30",), "rows": "development"}


@pytest.fixture
def calls(monkeypatch):
    """Two methods, and the runs that they were asked for."""
    seen: list[tuple[str, int]] = []

    def oracle(task):
        seen.append(("default", task.seed))
        part = Answer(-task.truth, facts={"weight": 0.25})
        return Answer(task.truth, task.truth, np.ones(len(task.test)), {0.8: (task.truth, task.truth)}, {}, {"a": part})

    def noise(task):
        seen.append(("noise", task.seed))
        return Answer(np.random.default_rng(task.seed).normal(size=len(task.test)))

    def absent(pool):
        return False

    known = {
        "default": Method(oracle, is_ours=True),
        "noise": Method(noise),
        "noise/more": Method(noise, absent, otherwise="noise"),
        "never": Method(noise, absent),
    }
    monkeypatch.setattr(study, "methods", lambda: known)
    monkeypatch.setattr(study, "chosen", lambda names: {name: known[name] for name in names or known})
    return seen


def test_calls_add_to_one_folder_and_nothing_is_measured_twice(calls, tmp_path):
    first = run_travel(Selection(**SMALL, methods=("default",), runs=2), tmp_path)
    assert len(calls) == 2
    again = run_travel(Selection(**SMALL, runs=3), tmp_path)
    assert len(calls) == 2 + 1 + 3
    cells = again["tables"]["digits201"]["cells"]["30"]
    assert set(cells) == {"default", "default/a", "noise", "noise/more"}
    assert cells["default"]["measures"]["tau"] == [1, 1, 1]
    assert cells["default/a"]["measures"]["tau"] == [-1, -1, -1]
    assert cells["default/a"]["means"]["weight"] == 0.25
    assert cells["noise/more"] == cells["noise"]
    assert again["config"]["ours"] == ["default", "default/a"]
    assert set(first["tables"]["digits201"]["cells"]["30"]) == {"default", "default/a"}
    json.dumps(again, allow_nan=False)


def test_a_damaged_file_is_measured_again(calls, tmp_path, capsys):
    whole = run_travel(Selection(**SMALL, runs=1), tmp_path)
    path = tmp_path / "digits201" / "30-noise.json"
    path.write_text(path.read_text().replace("tau", "tua", 1))
    assert run_travel(Selection(**SMALL, runs=1), tmp_path)["tables"].keys() == whole["tables"].keys()
    assert calls[-1][0] == "noise"
    assert len(calls) == 3
    assert "measured again" in capsys.readouterr().err


def test_rows_for_choices_and_for_results_do_not_mix(calls, tmp_path):
    run_travel(Selection(**SMALL, runs=1), tmp_path)
    other = run_travel(Selection(**SMALL | {"rows": "reported"}, runs=1), tmp_path)
    assert len(calls) == 4
    assert other["rows"] == "reported"


def test_a_table_that_is_not_there_is_left_out(calls, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path))
    result = run_travel(Selection(**SMALL | {"tables": ("digits201", "macro")}, runs=1), tmp_path / "runs")
    assert list(result["tables"]) == ["digits201"]
    assert "not on this machine" in result["skipped"]["macro"]
    assert "macro: left out" in capsys.readouterr().err


def test_bad_selections_are_refused_before_the_work():
    for wrong in ({"runs": 10}, {"tables": ("x",)}, {"methods": ("x",)}, {"budgets": ("x",)}):
        with pytest.raises(ArchflowError):
            Selection(**wrong)


def test_the_record_is_shown_on_the_page(calls, tmp_path):
    result = run_travel(Selection(**SMALL, runs=3), tmp_path / "runs")
    report = travel_report(result)
    assert "ahead or within .01 of it on 1 of 1" in report
    write(tmp_path / "results" / "travel.json", "travel", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Many tables, few labels" in page
    assert report.splitlines()[4] in page


def test_a_real_baseline_and_the_command(tmp_path, run):
    options = ("--tables", "digits201", "--methods", "ridge/plain,params", "--labels", "30", "--runs", "1")
    out = tmp_path / "travel.json"
    text = run("bench", "travel", *options, "--rows", "development", "--folder", tmp_path / "runs", "--out", out)
    assert "`ridge/plain`" in text
    record = json.loads(out.read_text())
    assert record["kind"] == "travel"
    assert record["result"]["tables"]["digits201"]["cells"]["30"]["ridge/plain"]["measures"]["tau"][0] > 0.4
    assert "no method is called" in run("bench", "travel", "--methods", "rigde", code=2)


def test_runs_of_an_earlier_result_count_and_are_not_measured_again(calls, tmp_path):
    whole = run_travel(Selection(**SMALL, runs=3), tmp_path / "whole")
    first = run_travel(Selection(**SMALL, runs=1), tmp_path / "first")
    record = tmp_path / "first.json"
    write(record, "travel", first)
    calls.clear()
    more = run_travel(Selection(**SMALL, runs=3), tmp_path / "more", Earlier.read(record))
    assert len(calls) == 2 * 2
    cells, expected = (each["tables"]["digits201"]["cells"]["30"] for each in (more, whole))
    assert cells.keys() == expected.keys()
    for name, cell in cells.items():
        assert cell["measures"] == expected[name]["measures"]
        assert cell["means"].keys() == expected[name]["means"].keys()
    assert more["config"]["earlier"].startswith("first.json of ")
    none = run_travel(Selection(**SMALL, runs=1), tmp_path / "none", Earlier.read(record))
    assert none["tables"] == first["tables"]


def test_an_earlier_result_of_other_rows_is_not_used(calls, tmp_path):
    first = run_travel(Selection(**SMALL, runs=1), tmp_path / "first")
    record = tmp_path / "first.json"
    write(record, "travel", first)
    calls.clear()
    run_travel(Selection(**SMALL | {"rows": "reported"}, runs=1), tmp_path / "other", Earlier.read(record))
    assert len(calls) == 2
    write(tmp_path / "other.json", "choices", first)
    with pytest.raises(ArchflowError, match="name one of `bench travel`"):
        Earlier.read(tmp_path / "other.json")


@pytest.mark.parametrize(("part", "wrong"), [("cells", []), ("family", 3), ("labels", {"30": "many"})])
def test_a_damaged_earlier_result_is_refused_in_one_line(calls, tmp_path, part, wrong):
    first = run_travel(Selection(**SMALL, runs=1), tmp_path / "first")
    first["tables"]["digits201"][part] = wrong
    write(tmp_path / "first.json", "travel", first)
    with pytest.raises(ArchflowError, match="not what a record of kind travel holds") as caught:
        Earlier.read(tmp_path / "first.json")
    assert "\n" not in str(caught.value)
