"""`fit` and `predict`: several metrics, objectives, directions, and what is refused before any work."""

import json

import numpy as np
import pytest

from archflow.data import load
from archflow.graph.table import Table, read_table
from archflow.predict import load_predictor
from archflow.predict.objectives import Hinge, Log
from archflow.recipes import fitting


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """60 cells; accuracy is known for 40 of them, latency for the last 40."""
    cells = load("digits201").select(np.arange(60)).architectures
    convolutions = cells.op_counts[:, [cells.vocabulary.index(f"nor_conv_{size}") for size in ("1x1", "3x3")]]
    accuracy = 50.0 + 5 * convolutions.sum(1) + np.linspace(0, 1, 60)
    latency = 0.1 * np.exp(convolutions @ [0.5, 1.0])
    accuracy[40:], latency[:20] = np.nan, np.nan
    path = tmp_path_factory.mktemp("data") / "cells.parquet"
    Table(cells, {"accuracy": accuracy, "latency": latency}).write(path)
    return path


QUICK = ("--encoder", "gin", "--epochs", 3, "--members", 2)


def test_several_metrics_in_one_predictor(run, table, tmp_path):
    both = ("--metric", "accuracy", "--metric", "-latency", "--objective", "hinge", "--objective", "log")
    about = json.loads(run("fit", "--data", table, *both, *QUICK, "--out", tmp_path / "p", "--json"))
    assert about["metrics"] == ["accuracy", "latency"]
    assert (about["labels"], about["held_out"]) == (60, 15)
    assert len(about["validation_score"]) == 2
    objectives = load_predictor(tmp_path / "p").objectives
    assert [type(each) for each in objectives] == [Hinge, Log]
    assert [each.lower_is_better for each in objectives] == [False, True]
    out = tmp_path / "ranked.parquet"
    result = json.loads(run("predict", tmp_path / "p", "--data", table, "--out", out, "--top", 5, "--json"))
    ranked = read_table(out)
    accuracy, latency = result["metrics"]
    assert (accuracy["metric"], latency["metric"]) == ("accuracy", "latency")
    assert "mape" in latency["quality"]
    assert "mape" not in accuracy["quality"]
    assert accuracy["top"][0]["row"] == ranked.metric("predicted_accuracy").argmax()
    assert latency["top"][0]["row"] == ranked.metric("predicted_latency").argmin()
    assert (ranked.metric("predicted_latency") > 0).all()
    assert sorted(ranked.metric("rank_latency")) == list(range(1, 61))
    assert {"accuracy", "latency", "predicted_std_accuracy"} < set(ranked.metrics)
    shown = run("predict", tmp_path / "p", "--data", table, "--top", 2)
    assert shown.index("accuracy\n") < shown.index("latency\n")


def test_the_validation_score_is_named_by_the_objective(run, table, tmp_path):
    fit = ("fit", "--data", table, "--metric", "latency", "--lower-is-better", *QUICK)
    about = json.loads(run(*fit, "--out", tmp_path / "p", "--objective", "relative", "--json"))
    assert (about["metric"], about["labels"]) == ("latency", 40)
    assert max(about["validation_negative_relative_error"]) < 0
    text = run(*fit, "--out", tmp_path / "q")
    assert "validation Kendall tau of the 2 models, on 10 labels each" in text
    assert "lowest" not in text


def test_nothing_held_out_is_said(run, table, tmp_path):
    fit = ("fit", "--data", table, "--metric", "accuracy", "--labels", 3, *QUICK)
    assert "too few to hold any out" in run(*fit, "--out", tmp_path / "p")
    about = json.loads(run(*fit, "--out", tmp_path / "q", "--json"))
    assert (about["held_out"], about["validation_tau"]) == (0, None)


def test_contradictions_are_refused_before_any_work(run, table, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "fit_and_save", None)
    fit = ("fit", "--data", table, "--out", tmp_path / "p", "--metric", "latency")
    for more, message in (
        (("--metric", "accuracy", "--lower-is-better"), "--lower-is-better: of which metric?"),
        (("--metric", "-latency"), "metric latency, latency: named twice"),
        (("--metric", "accuracy", "--recipe", "best"), "the recipe learns one metric, not latency, accuracy"),
        (("--objective", "hing"), "did you mean 'hinge'"),
        (("--objective", "log", "--objective", "log"), "2 objectives for 1 metrics"),
    ):
        assert message in run(*fit, *more, code=2)
    assert not (tmp_path / "p").exists()
