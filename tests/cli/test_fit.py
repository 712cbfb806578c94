"""`fit` and `predict`: several metrics, objectives, directions, and what is refused before any work."""

import json
import sys

import numpy as np
import pytest

from archflow.cli.app import main
from archflow.data import load
from archflow.graph.table import Table, read_table
from archflow.predict import load_predictor
from archflow.predict.direction import usually_lower
from archflow.predict.objectives import Hinge, Log
from archflow.recipes import fitting
from archflow.recipes.stacks import Recipe, recipe_of


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


QUICK = ("--recipe", "networks", "--encoder", "gin", "--epochs", 3, "--members", 2)


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


def test_the_recipe_ranks_parameters_and_flops_where_the_table_has_nothing_else(table, tmp_path, monkeypatch):
    counts = {
        "params": np.arange(60.0),
        "FLOPs": np.arange(60.0) % 7,
        "flops_same": np.ones(60),
        "accuracy": np.arange(60),
    }
    mine = Table(read_table(table).architectures, counts)
    seen = []
    monkeypatch.setattr(
        Recipe, "embedders", lambda self, architectures, labelled, proxies, *rest: seen.extend(proxies) or []
    )
    fitting.stacked_predictor(fitting.Task.of(mine, ["accuracy"]), tmp_path, recipe_of("quick"))
    assert seen == ["params", "FLOPs"]


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
        (("--metric", "accuracy", "--recipe", "best"), "a recipe learns one metric, not latency, accuracy"),
        (("--objective", "hing"), "did you mean 'hinge'"),
        (("--objective", "log", "--objective", "log"), "2 objectives for 1 metrics"),
    ):
        assert message in run(*fit, *more, code=2)
    assert not (tmp_path / "p").exists()


def shown_by(monkeypatch, capsys, *arguments: object) -> str:
    """Standard error of a command that ends well."""
    monkeypatch.setattr(sys, "argv", ["archflow", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    found = capsys.readouterr().err
    assert ended.value.code == 0, found
    return found


def test_a_metric_that_is_usually_good_when_low_is_noted(run, table, tmp_path, monkeypatch, capsys):
    fit = ("fit", "--data", table, *QUICK, "--out")
    high = (*fit, tmp_path / "p", "--metric", "latency")
    note = "the highest latency is taken for the best; if the lowest is, give --metric -latency or --lower-is-better"
    assert [line for line in shown_by(monkeypatch, capsys, *high).splitlines() if "note" in line] == [f"note: {note}"]
    assert json.loads(run(*high, "--json"))["note"] == note
    for direction in (("--metric", "-latency"), ("--metric", "latency", "--lower-is-better"), ("--metric", "accuracy")):
        assert "note" not in shown_by(monkeypatch, capsys, *fit, tmp_path / "q", *direction)
        assert "note" not in json.loads(run(*fit, tmp_path / "q", *direction, "--json"))


@pytest.mark.parametrize(
    ("metric", "lower"),
    [
        ("test_loss", True),
        ("latency_ms", True),
        ("numParams", True),
        ("FLOPs", True),
        ("val-error", True),
        ("ppl", True),
        ("model size (MB)", True),
        ("energy.mJ", True),
        ("accuracy", False),
        ("lossless_psnr", False),
        ("timeliness", False),
        ("F1", False),
    ],
)
def test_names_say_which_way_is_up(metric, lower):
    assert usually_lower(metric) == lower


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--labels", "nan"), "--labels 'nan': give a count such as 50"),
        (("--labels", "inf"), "--labels 'inf': give a count such as 50"),
        (("--labels", "1e400"), "--labels '1e400': give a count such as 50"),
        (("--labels", "-3"), "--labels '-3': give a count such as 50"),
        (("--labels", "0"), "--labels '0': give a count such as 50"),
        (
            ("--members", "1000000000", "--recipe", "networks"),
            "members must be a whole number of at least 1 and at most 1,000, not 1000000000",
        ),
        (("--members", "2", "--recipe", "best"), "--members: not of the recipe 'best'"),
        (("--members", "2"), "--members: not of the recipe 'quick'"),
        (("--labels", "4"), "4 labels are too few to learn from; measure at least 5"),
    ],
)
def test_numbers_out_of_their_bounds_are_refused_before_any_work(run, table, tmp_path, monkeypatch, options, message):
    monkeypatch.setattr(fitting, "fit_and_save", None)
    monkeypatch.setattr(Recipe, "embedders", None)
    error = run("fit", "--data", table, "--metric", "accuracy", "--out", tmp_path / "p", *options, code=2)
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "p").exists()


def test_labels_near_the_end_of_float64_are_one_line(run, table, tmp_path):
    whole = read_table(table)
    values = np.where(np.arange(60) == 7, 1.7e308, whole.metric("accuracy"))
    Table(whole.architectures, {"accuracy": values}).write(tmp_path / "cells.parquet")
    arguments = ("fit", "--data", tmp_path / "cells.parquet", "--metric", "accuracy", *QUICK, "--out", tmp_path / "p")
    error = run(*arguments, code=2)
    assert "accuracy: row 7 is 1.7e+308, too large to compute with; give labels in a larger unit" in error
    assert len(error.splitlines()) == 1
