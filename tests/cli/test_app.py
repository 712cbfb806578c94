"""The command line end to end: real data in, files and numbers out; bad input is one line and exit code 2."""

import ast
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

import archflow as package
import archflow.cli as archflow_cli
from archflow.cli.app import main
from archflow.data.benchmarks import load
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow.spaces import NASBench201
from tests.report.pages import read_page


def archflow(*arguments, code: int = 0, **environment: str) -> SimpleNamespace:
    """Run the command as a user does, in this process; check its exit code. Gives what it wrote, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["archflow", *map(str, arguments)]),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert ended.value.code == code, err.getvalue()
    return SimpleNamespace(stdout=out.getvalue(), stderr=err.getvalue())


def refused(*arguments) -> str:
    """The one line that bad input gets."""
    error = archflow(*arguments, code=2).stderr
    assert "Traceback" not in error
    lines = [line for line in error.splitlines() if line.startswith("archflow: ")]
    assert len(lines) == 1, error
    return lines[0]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """80 of the embedded cells; accuracy known for 40."""
    cells = load("digits201").select(np.arange(80))
    accuracy = cells.metric("test_accuracy").copy()
    accuracy[40:] = np.nan
    path = tmp_path_factory.mktemp("data") / "cells.parquet"
    type(cells)(cells.architectures, {"accuracy": accuracy, "latency": np.arange(80.0)}, cells.native).write(path)
    return path


@pytest.fixture(scope="module")
def encoder(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("encoder") / "encoder.safetensors"
    archflow("pretrain", "--data", table, "--proxy", "params", "--epochs", 3, "--out", path)
    return path


@pytest.fixture(scope="module")
def predictor(table, encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictor") / "p"
    fit = ("fit", "--data", table, "--metric", "accuracy", "--recipe", "networks")
    archflow(*fit, "--encoder", encoder, "--epochs", 5, "--members", 2, "--out", folder)
    return folder


def test_version_is_that_of_the_package():
    assert archflow("--version").stdout == f"archflow {package.__version__}\n"


def test_completion_of_a_shell_names_the_verbs():
    completed = archflow(COMP_WORDS="archflow pre", COMP_CWORD="1", _ARCHFLOW_COMPLETE="complete_bash").stdout
    assert set(completed.split()) == {"pretrain", "predict"}


def test_help_comes_fast_and_names_the_verbs():
    text = archflow("--help").stdout
    for verb in ("demo", "pretrain", "fit", "predict", "embed", "label", "bench", "data"):
        assert verb in text


def test_verbs_are_thin():
    """A verb parses, calls one library function and prints."""
    for path in Path(archflow_cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 40, f"{path}: {node.name}"


def test_data_list_and_info():
    names = {row["name"] for row in json.loads(archflow("data", "list", "--json").stdout)}
    assert "digits201" in names
    about = json.loads(archflow("data", "info", "digits201", "--json").stdout)
    assert about["architectures"] >= 2000
    assert "test_accuracy" in {metric["name"] for metric in about["metrics"]}
    assert "test_accuracy" in archflow("data", "info", "digits201").stdout


def test_predict_ranks_every_row_and_writes_the_table(predictor, table, tmp_path):
    out = tmp_path / "ranked.csv"
    result = json.loads(archflow("predict", predictor, "--data", table, "--out", out, "--json").stdout)
    ranked = read_table(out)
    assert sorted(ranked.metric("rank_accuracy")) == list(range(1, 81))
    best = int(np.argmin(ranked.metric("rank_accuracy")))
    assert ranked.metric("predicted_accuracy")[best] == ranked.metric("predicted_accuracy").max()
    assert np.isfinite(ranked.metric("predicted_std_accuracy")).all()
    assert result["top"][0]["row"] == best
    assert result["quality"]["tau"] > 0
    assert "rank" in archflow("predict", predictor, "--data", table, "--top", 3).stdout


def test_lower_is_better_ranks_the_other_way(table, tmp_path):
    fit = ("fit", "--data", table, "--recipe", "networks", "--epochs", 30, "--members", 1)
    archflow(*fit, "--metric", "latency", "--lower-is-better", "--out", tmp_path / "p")
    result = json.loads(archflow("predict", tmp_path / "p", "--data", table, "--json").stdout)
    assert result["metric"] == "latency"
    assert result["top"][0]["predicted"] <= result["top"][-1]["predicted"]
    assert result["top"][0]["std"] is None
    assert result["quality"]["tau"] > 0
    archflow(*fit, "--metric", "-latency", "--out", tmp_path / "q")
    assert json.loads(archflow("predict", tmp_path / "q", "--data", table, "--json").stdout) == result


def test_embeddings_of_encoder_and_predictor(encoder, predictor, table, tmp_path):
    for model in (encoder, predictor):
        archflow("embed", model, "--data", table, "--out", tmp_path / "e.npy")
        vectors = np.load(tmp_path / "e.npy")
        assert vectors.shape == (80, 128)
        assert np.isfinite(vectors).all()


def test_fit_by_the_recipe_and_predict(table, tmp_path):
    folder = tmp_path / "p"
    arguments = ["--data", table, "--metric", "accuracy", "--out", folder]
    about = json.loads(archflow("fit", *arguments, "--proxy", "latency", "--epochs", 2, "--json").stdout)
    assert about["labels"] == 40
    assert set(about["components"]) == {"boosted", "forest", "networks", "process", "ridge"}
    assert sum(each["weight"] for each in about["components"].values()) == pytest.approx(1)
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["predictor.json", "weights"]
    ranked = json.loads(archflow("predict", folder, "--data", table, "--json").stdout)
    assert all(row["std"] > 0 for row in ranked["top"])
    vectors = tmp_path / "v.npy"
    archflow("embed", folder, "--data", table, "--out", vectors)
    assert np.load(vectors).shape == (80, 64 + 64 + 256)
    for options, message in (
        (("--recipe", "worst"), "there are: plain, quick, best, networks"),
        (("--recipe", "networks", "--proxy", "latency"), "--proxy: not of the recipe 'networks'"),
        (("--recipe", "plain", "--proxy", "latency"), "--proxy: not of the recipe 'plain'"),
        (("--recipe", "best", "--view", "effective"), "--view: not of the recipe 'best'"),
    ):
        assert message in refused("fit", *arguments, *options)


def test_fit_sees_what_has_an_effect(table, tmp_path):
    quick = ["--data", table, "--metric", "accuracy", "--recipe", "networks", "--epochs", 3, "--out", tmp_path / "p"]
    archflow("fit", *quick, "--view", "contracted")
    space = NASBench201()
    cells = [
        "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|",
        "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",
    ]
    alike = tmp_path / "alike.jsonl"
    Table(ArchitectureSet.from_architectures([space.parse(cell) for cell in cells], space.vocabulary), {}).write(alike)
    top = json.loads(archflow("predict", tmp_path / "p", "--data", alike, "--json").stdout)["top"]
    assert top[0]["predicted"] == pytest.approx(top[1]["predicted"], abs=1e-5)
    assert "view 'half' is not one of" in refused("fit", *quick, "--view", "half")
    encoder, embedded = tmp_path / "e.safetensors", tmp_path / "e.npy"
    archflow("pretrain", "--data", table, "--task", "flow", "--view", "contracted", "--epochs", 1, "--out", encoder)
    archflow("embed", encoder, "--data", alike, "--out", embedded)
    assert np.ptp(np.load(embedded), axis=0).max() < 1e-5, "the file does not say what its encoder saw"
    archflow("fit", *quick[:-1], tmp_path / "q", "--encoder", encoder)
    top = json.loads(archflow("predict", tmp_path / "q", "--data", alike, "--json").stdout)["top"]
    assert top[0]["predicted"] == pytest.approx(top[1]["predicted"], abs=1e-5)


def test_choose_what_to_measure_next(encoder, predictor, table, tmp_path):
    out = tmp_path / "first.csv"
    told = json.loads(archflow("choose", encoder, "--data", table, "--count", 7, "--out", out, "--json").stdout)
    chosen = read_table(out)
    assert chosen.native == [read_table(table).native[row] for row in told["rows"]]
    assert len(set(told["rows"])) == 7
    more = archflow("choose", predictor, "--data", table, "--count", 5, "--metric", "accuracy", "--json").stdout
    assert json.loads(more)["measured"] == 40
    assert min(json.loads(more)["rows"]) >= 40  # the first forty have an accuracy
    assert "of 40 architectures without a label" in refused(
        "choose", encoder, "--data", table, "--count", 41, "--metric", "accuracy"
    )
    assert "architecture" in archflow("choose", encoder, "--data", table, "--count", 2).stdout


def test_demo_writes_a_report(tmp_path):
    out = tmp_path / "demo.html"
    options = ("--pretrain-epochs", 1, "--epochs", 3, "--labels", "1%")
    options = (*options, "--out", out, "--figures", tmp_path / "figures", "--json")
    result = json.loads(archflow("demo", *options).stdout)
    assert result["labels"] == round(0.01 * result["architectures"])
    assert [m["method"] for m in result["methods"]] == ["supervised", "quick"]
    read = read_page(out.read_text(encoding="utf-8"))
    assert len(read.rows("embeddings")) == result["architectures"]
    assert len(list((tmp_path / "figures").iterdir())) == 3 * len(read.figures) == 3 * 6
    assert out.stat().st_size < 3_000_000


def test_killed_pretraining_goes_on_to_the_same_encoder(table, tmp_path):
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    arguments = ["pretrain", "--data", str(table), "--task", "flow", "--epochs", "40"]
    archflow(*arguments, "--out", whole)
    command = [sys.executable, "-m", "archflow", *arguments, "--out", str(broken)]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL)
    state = broken.with_name(f"{broken.name}.state")
    while process.poll() is None and not state.exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state.exists()
    assert not broken.exists()
    archflow(*arguments, "--out", broken)
    assert whole.read_bytes() == broken.read_bytes()
    assert not state.exists()


def test_bad_input_is_one_line(table, encoder, predictor, tmp_path):
    bad = {
        "cycle": '{"ops": ["a", "b"], "edge_src": [0, 1], "edge_dst": [1, 0], "m": 1}',
        "range": '{"ops": ["a", "b"], "edge_src": [0], "edge_dst": [7], "m": 1}',
        "ragged": '{"ops": ["a", "b"], "edge_src": [0], "edge_dst": [1, 1], "m": 1}',
    }
    fit = ["fit", "--metric", "m", "--out", tmp_path / "p", "--data"]
    for name, line in bad.items():
        sound = '{"ops": ["a"], "edge_src": [], "edge_dst": [], "m": 2}'
        (tmp_path / f"{name}.jsonl").write_text(f"{sound}\n{line}\n")
        assert "row 1" in refused(*fit, tmp_path / f"{name}.jsonl")
    (tmp_path / "empty.csv").write_text("ops,edge_src,edge_dst\n")
    assert "empty" in refused(*fit, tmp_path / "empty.csv")
    good = '{"ops": ["a", "b"], "edge_src": [0], "edge_dst": [1], "m": 3.5}\n'
    (tmp_path / "equal.jsonl").write_text(good * 5)
    assert "equal" in refused(*fit, tmp_path / "equal.jsonl")
    (tmp_path / "one.jsonl").write_text(good)
    assert "measure more of them" in refused(*fit, tmp_path / "one.jsonl")
    assert "no column" in refused("fit", "--data", table, "--metric", "speed", "--out", tmp_path / "p")
    assert "no such file" in refused(*fit, tmp_path / "absent.parquet")
    assert "no data set" in refused("data", "info", "nasbench")
    assert "did you mean 'gin'" in refused("pretrain", "--data", table, "--encoder", "gine", "--out", tmp_path / "e")
    assert "no proxy" in refused("pretrain", "--data", table, "--proxy", "jacob", "--out", tmp_path / "e.safetensors")
    assert "unknown operations 'a' (in 5 of 5 rows)" in refused(
        "predict", predictor, "--data", tmp_path / "equal.jsonl"
    )
    assert not (tmp_path / "p").exists() or not list((tmp_path / "p").iterdir())

    (tmp_path / "cut.safetensors").write_bytes(encoder.read_bytes()[:-100])
    assert "truncated" in refused("embed", tmp_path / "cut.safetensors", "--data", table, "--out", tmp_path / "e.npy")
    whole = bytearray(encoder.read_bytes())
    whole[-10] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(whole)
    assert "damaged" in refused("embed", tmp_path / "bent.safetensors", "--data", table, "--out", tmp_path / "e.npy")
    assert not (tmp_path / "e.npy").exists()
