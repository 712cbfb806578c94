"""`archflow data`: list, info, get, import, verify; every failure is one line and exit code 2."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from archflow.cli.app import main
from archflow.data.benchmarks import BENCHMARKS, load
from archflow.graph.table import Table


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHFLOW_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def run(*arguments: object, code: int = 0) -> str:
        """Standard output, or for another code the one line of the error."""
        monkeypatch.setattr(sys, "argv", ["archflow", "data", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert ended.value.code == code, shown.err
        if code == 0:
            return shown.out
        lines = [line for line in shown.err.splitlines() if line.startswith("archflow: ")]
        assert len(lines) == 1, shown.err
        assert "Traceback" not in shown.err
        return lines[0]

    return run


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Ten cells as a table of NAS-Bench-201."""
    cells = load("digits201").select(np.arange(10))
    path = tmp_path / "mine.csv"
    Table(cells.architectures, {"cifar10_test_acc": np.arange(10.0)}, cells.native).write(path)
    return path


def test_list_names_everything_and_says_how_to_get_it(run):
    rows = json.loads(run("list", "--json"))
    assert [row["name"] for row in rows] == list(BENCHMARKS)
    by_name = {row["name"]: row for row in rows}
    assert by_name["digits201"]["path"].endswith("digits201.parquet")
    assert by_name["nasbench201"] | {"path": None, "get": "`archflow data get nasbench201`"} == by_name["nasbench201"]
    assert by_name["nasbench301"]["get"] == "`archflow data import nasbench301 FILE`"
    text = run("list")
    assert all(name in text for name in BENCHMARKS)


def test_info_of_what_is_not_here_says_where_it_is_published(run):
    about = json.loads(run("info", "nasbench201", "--json"))
    assert about["licence"] == "MIT"
    assert about["files"][0]["sha256"] == BENCHMARKS["nasbench201"].files[0].sha256
    assert "architectures" not in about
    text = run("info", "nasbench201")
    assert "https://raw.githubusercontent.com" in text
    assert "not on this machine: `archflow data get nasbench201`" in text
    assert "bring the table yourself" in run("info", "nasbench301")


def test_info_has_units(run):
    about = json.loads(run("info", "digits201", "--json"))
    units = {metric["name"]: metric["unit"] for metric in about["metrics"]}
    assert units["test_accuracy"] == "%"
    assert about["architectures"] == len(load("digits201"))
    text = run("info", "digits201")
    assert "citation: " in text
    assert "seconds of one training" in text


def test_import_then_load_info_and_verify(run, mine, cache):
    assert "10 architectures" in run("import", "nasbench201", mine)
    assert json.loads(run("import", "nasbench201", mine, "--json"))["rows"] == 10
    assert len(load("nasbench201")) == 10
    assert run("get", "nasbench201").strip() == f"nasbench201: {cache / 'nasbench201.parquet'}"
    assert json.loads(run("info", "nasbench201", "--json"))["architectures"] == 10
    (row,) = json.loads(run("verify", "--json"))
    assert row["name"] == "nasbench201"
    assert row["fault"] is None
    assert "sound (its record)" in run("verify", "nasbench201")
    (cache / "nasbench201.parquet").write_bytes(b"damaged")
    assert "1 of 1 files are not sound" in run("verify", code=2)
    for verb in ("info", "get"):
        assert "damaged, or changed since it was made" in run(verb, "nasbench201", code=2)


def test_nothing_to_verify_is_said(run):
    assert "nothing to verify" in run("verify", "nasbench101")


def test_get_reads_files_that_are_there(run, data_folder, tmp_path, monkeypatch, cache):
    own = tmp_path / "own"
    own.mkdir()
    (own / "proteins.bench").write_bytes((data_folder / "raw/nasbench_graph/proteins.bench").read_bytes())
    monkeypatch.setenv("ARCHFLOW_DATA", str(own))
    paths = json.loads(run("get", "nasbench_graph_proteins", "--json"))
    assert paths == {"nasbench_graph_proteins": str(cache / "nasbench_graph_proteins.parquet")}
    assert len(load("nasbench_graph_proteins")) == 2021
    assert "sound (published checksum)" in run("verify", "nasbench_graph_proteins")
    assert "0.7" in run("info", "nasbench_graph_proteins")


def test_failures_are_one_line(run, mine, tmp_path):
    assert "no data set is called 'nasbench'" in run("info", "nasbench", code=2)
    assert "no data set is called 'nasbench'" in run("get", "nasbench", code=2)
    assert "no data set is called 'nasbench'" in run("verify", "nasbench", code=2)
    assert "part of the package" in run("get", "digits201", code=2)
    assert "no address is known" in run("get", "nasbench_nlp", code=2)
    assert "no column 'val_acc_108'" in run("import", "nasbench101", mine, code=2)
    (tmp_path / "arch_score_acc.pd").write_bytes(b"something else")
    assert "its sha256 is" in run("import", "nasbench201", tmp_path / "arch_score_acc.pd", code=2)
    (tmp_path / "x.tfrecord").write_bytes(b"something else")
    assert "no sound length" in run("import", "nasbench101", tmp_path / "x.tfrecord", code=2)
