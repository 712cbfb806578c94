"""Verbs of `archflow bench` check outputs before the work, and leave a record of every result."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import archflow_reproduce.cli
from archflow.data import load
from archflow.errors import ArchflowError
from archflow_reproduce.cli.study import Study
from archflow_reproduce.results.record import data_hash, read_record
from tests.reproduce.results.records import MACHINE

CONTENT = {"tau": 0.5, "config": {"runs": 1}, "machine": MACHINE}


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    load("digits201").select(np.arange(300)).write(tmp_path / "cells.parquet")
    return tmp_path / "cells.parquet"


@pytest.mark.parametrize("name", ["r.md", "r.html", "r", "r.splits", "r.JSON", "r.json.md"])
def test_a_result_file_that_a_report_would_replace_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchflowError, match=r"a result is written as \.json"):
        Study("fgp", tmp_path / name, as_json=False)


def test_a_result_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchflowError, match="is a folder"):
        Study("fgp", tmp_path / "folder.json", as_json=False)
    with pytest.raises(ArchflowError, match="cannot write there"):
        Study("fgp", tmp_path / "file" / "r.json", as_json=False)
    for name in (f"{'x' * 300}.json", "nul\0.json"):
        with pytest.raises(ArchflowError, match="cannot write there"):
            Study("fgp", tmp_path / name, as_json=False)
    Study("fgp", tmp_path / "new" / "er" / "r.json", as_json=False)


@pytest.mark.parametrize("verb", ["fgp", "encoders", "pretext", "arch2vec", "speed", "proxies", "widths"])
def test_every_verb_refuses_it_before_the_work(run, tmp_path: Path, verb: str) -> None:
    data = () if verb in ("speed", "proxies", "widths", "arch2vec") else ("--data", tmp_path / "nowhere.csv")
    assert "a result is written as .json" in run("bench", verb, *data, "--out", tmp_path / "r.html", code=2)
    assert list(tmp_path.iterdir()) == []


def test_what_a_study_writes_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beside = {".md": lambda path, content: path.write_text(str(content["tau"]))}
    Study("fgp", tmp_path / "r.json", as_json=False).finish(CONTENT, {"d": "0"}, "for people", beside)
    assert capsys.readouterr().out == "for people\n"
    assert read_record(tmp_path / "r.json").content == CONTENT
    assert (tmp_path / "r.md").read_text() == "0.5"
    Study("fgp", None, as_json=True).finish(CONTENT, {"d": "0"}, "for people", beside)
    assert json.loads(capsys.readouterr().out)["result"] == {"tau": 0.5}


def test_a_protocol_leaves_a_record_and_its_reports(run, cells: Path, tmp_path: Path) -> None:
    small = ("--encoder", "mlp", "--width", 8, "--labels", 20, "--runs", 1, "--methods", "supervised", "--epochs", 1)
    out = tmp_path / "out" / "r.json"
    shown = run(
        "bench", "fgp", "--data", cells, "--metric", "test_accuracy", *small, "--folder", tmp_path / "f", "--out", out
    )
    assert sorted(path.name for path in out.parent.iterdir()) == ["r.figures", "r.html", "r.json", "r.md", "r.splits"]
    record = read_record(out)
    assert record.kind == "fgp"
    assert record.command.startswith(
        f"archflow bench fgp --data {cells} --metric test_accuracy --encoder mlp --width 8"
    )
    assert record.command.endswith(f"--out {out}")
    assert record.data == {"cells": data_hash(load("digits201").select(np.arange(300)), "test_accuracy")}
    assert record.config["model_seeds"] == [21]
    assert record.machine["threads"] >= 1
    assert (out.parent / "r.md").read_text().splitlines()[0] == shown.splitlines()[0]
    assert "isomorphic to a labelled one" in shown


def test_no_verb_is_long() -> None:
    for path in Path(archflow_reproduce.cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{path}: {node.name}"
