"""Pre-training on other tables than one's own, and on several, as a user does it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archflow.data import load
from archflow.encoders import Embedder
from archflow.graph.table import Table
from archflow.spaces import NASBench101


@pytest.fixture
def cells(tmp_path):
    """160 of the embedded cells, with the other table's columns."""
    path = tmp_path / "cells.parquet"
    table = load("digits201").select(np.arange(160))
    columns = {"size": table.architectures.op_counts[:, 5].astype(float), "broken": np.arange(160.0)}
    replace(table, metrics={**table.metrics, **columns}).write(path)
    return path


@pytest.fixture
def others(tmp_path):
    """80 cells of another space, 20 of them without a size."""
    space = NASBench101()
    architectures = space.sample(80, np.random.default_rng(0))
    size = space.costs(architectures)["params"]
    size[::4] = np.nan
    path = tmp_path / "others.csv"
    Table(architectures, {"size": size, "broken": np.full(80, np.nan)}).write(path)
    return path


@pytest.fixture
def bench(run, cells, tmp_path):
    small = ("--encoders", "gin", "--runs", 2, "--labels", 20, "--pretrain-epochs", 2, "--epochs", 4, "--processes", 1)
    return lambda *more, code=0: run(
        "bench", "pretext", "--data", cells, "--metric", "test_accuracy", *small, "--folder", tmp_path / "run", *more,
        code=code,
    )  # fmt: skip


def test_transfer_is_one_command(bench, others, tmp_path):
    arguments = ("--tasks", "supervised,fgp,cap", "--pretrain-on", others, "--proxy", "size")
    shown = bench(*arguments, "--out", tmp_path / "out.json")
    assert shown.splitlines()[0].split(" | ")[0].strip(" |") == "pre-trained on"
    assert [line.split(" | ")[0].strip(" |") for line in shown.splitlines()[2:]] == ["–", "others", "others"]
    (cell,) = json.loads((tmp_path / "out.json").read_text())["result"]["matrix"]
    assert cell["config"]["pretrain_on"] == ["others"]
    assert all(len(runs["tau"]) == 2 for runs in cell["methods"].values())
    assert "pre-trained on others" in (tmp_path / "out.html").read_text()
    # Its own table's encoders have a place of their own: both stay.
    own = json.loads(bench("--tasks", "supervised,cap", "--json"))["result"]["matrix"][0]["methods"]
    assert own["supervised"] == cell["methods"]["supervised"]
    assert own["cap"] != cell["methods"]["cap"]


def test_what_cannot_be_pre_trained_on_is_refused_in_one_line(bench, cells, others, tmp_path):
    def refusal(*arguments: object) -> str:
        lines = [line for line in bench(*arguments, code=2).splitlines() if line.startswith("archflow: ")]
        assert len(lines) == 1
        return lines[0]

    fgp = ("--tasks", "fgp", "--pretrain-on")
    assert "others: no proxy 'zc_jacov'" in refusal(*fgp, f"{cells},{others}", "--proxy", "zc_jacov")
    assert "others: proxy 'broken' has fewer than two" in refusal(*fgp, f"{others},{cells}", "--proxy", "broken")
    assert "two tables are called 'others'" in refusal(*fgp, f"{others},{others}")
    assert "--pretrain-on: no data set is named" in refusal(*fgp, " , ")
    assert "no data set is called 'nasbench102'" in refusal(*fgp, "nasbench102")
    assert "no such file" in refusal(*fgp, tmp_path / "gone.csv")
    (tmp_path / "torn.csv").write_text(
        'ops,edge_src,edge_dst\n"[""input""',
    )
    assert "torn.csv" in refusal(*fgp, tmp_path / "torn.csv")
    two_cells = ("--encoders", "flowerformer_two_cell", "--tasks", "flow", "--pretrain-on", others)
    assert "it needs two parts" in refusal(*two_cells)


def test_an_encoder_learns_from_several_tables(run, cells, others, tmp_path):
    out = tmp_path / "e.safetensors"
    data = f"{cells},{others}"
    arguments = ("pretrain", "--data", data, "--proxy", "size", "--encoder", "gin", "--width", 8, "--epochs", 2)
    run(*arguments, "--card", "--out", out)
    card = json.loads(out.with_suffix(".json").read_text())
    assert (card["data"], card["rows"], card["proxies"]) == (data, 240, ["size"])
    vocabulary = Embedder.load(out).vocabulary
    own = load("digits201").architectures.vocabulary.ops
    assert vocabulary.ops == (*own, "maxpool3x3")
    fit = ("fit", "--data", cells, "--metric", "test_accuracy", "--recipe", "networks", "--epochs", 2, "--members", 1)
    run(*fit, "--encoder", out, "--out", tmp_path / "p")
    assert "two tables" in run("pretrain", "--data", f"{cells},{cells}", "--out", tmp_path / "x.safetensors", code=2)
