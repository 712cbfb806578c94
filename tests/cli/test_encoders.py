"""`archflow encoders`, and the verbs that take its names; `pretrain --card`."""

import json

import numpy as np
import pytest

from archflow.data import load
from archflow.encoders.pretrained import names
from archflow.predict import NetworkPredictor
from archflow.recipes.shipping import cards_table


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cells.parquet"
    load("digits201").select(np.arange(40)).write(path)
    return path


def test_the_list_says_what_each_learnt_from(run):
    listed = json.loads(run("encoders", "--json"))
    assert [row["name"] for row in listed] == names()
    assert all(row["bytes"] > 0 and row["sha256"] for row in listed)
    head, _, *lines = run("encoders", "gin.*").splitlines()
    assert head.split() == ["name", "data", "rows", "task", "proxies", "epochs", "kB"]
    assert [line.split()[:5] for line in lines] == [["gin.fgp-nasbench201", "nasbench201", "15,625", "fgp", "zc_jacov"]]
    assert run("encoders", "--markdown").rstrip("\n") == cards_table()
    assert "no name matches 'nothing'; there are: gated_gcn" in run("encoders", "nothing")


def test_fit_and_embed_take_a_name(run, table, tmp_path):
    name = "gated_gcn.fgp-nasbench201"
    run("embed", name, "--data", table, "--out", tmp_path / "e.npy")
    assert np.load(tmp_path / "e.npy").shape == (40, 128)
    fit = ("fit", "--data", table, "--metric", "test_accuracy", "--recipe", "networks")
    run(*fit, "--encoder", name, "--epochs", 2, "--members", 1, "--out", tmp_path / "p")
    assert NetworkPredictor.load(tmp_path / "p").embedders[0].encoder.config["width"] == 128
    for verb in (
        ("embed", "gin.fgp", "--data", table, "--out", tmp_path / "x.npy"),
        ("fit", "--data", table, "--metric", "test_accuracy", "--encoder", "gin.fgp", "--out", tmp_path / "x"),
    ):
        error = run(*verb, code=2).splitlines()
        assert error == [f"archflow: no pre-trained encoder is called 'gin.fgp'; {error[0].partition('; ')[2]}"]
        assert "did you mean 'gin.fgp-nasbench201'" in error[0]


def test_pretrain_writes_a_card_with_its_command(run, table, tmp_path):
    out = tmp_path / "own.safetensors"
    run("pretrain", "--data", table, "--proxy", "params", "--width", 8, "--epochs", 2, "--card", "--out", out)
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["command"].startswith("archflow pretrain --data ")
    assert (card["width"], card["rows"], card["proxies"], card["epochs"]) == (8, 40, ["params"], 2)
    run("embed", out, "--data", table, "--out", tmp_path / "e.npy")
    assert np.load(tmp_path / "e.npy").shape == (40, 8)
