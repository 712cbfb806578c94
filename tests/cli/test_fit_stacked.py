"""`fit` and `predict` as a user calls them, without --recipe networks: columns, sources, odd labels, intervals."""

import contextlib
import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from archflow.encoders import create
from archflow.graph.table import Table, read_table
from archflow.predict import load_predictor
from archflow.recipes import fitting, stacks
from archflow.recipes.stacks import Recipe
from tests.tables import scored_cells

COUNT, LABELLED = 60, 40


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """60 cells; 40 have a score; columns as users have them, every cell of them quoted."""
    path = tmp_path_factory.mktemp("data") / "cells.csv"
    cells, rng = scored_cells(COUNT), np.random.default_rng(0)
    score, known = cells.metric("score"), np.arange(COUNT) < LABELLED
    columns = {
        "score": np.where(known, score, np.nan),
        "params": rng.random(COUNT),
        "gaps": np.where(np.arange(COUNT) % 5 == 0, np.nan, score + rng.normal(0, 0.3, COUNT)),
        "same": np.ones(COUNT),
        "empty": np.full(COUNT, np.nan),
        "early": score + rng.normal(0, 0.2, COUNT),
        "ties": np.round(score),
        "huge": np.where(np.arange(COUNT) == 3, 1e10, score),
        "noise": rng.random(COUNT),
    }
    Table(cells.architectures, columns, cells.native).write(path)
    with open(path, newline="") as file:
        head, *rows = csv.reader(file)
    further = [[f" {row / 7:.3f} ", "abc"[row % 3], f"x{row}"] for row in range(COUNT)]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows(
            [[*head, "digits", "stem", "name"], *([*row, *more] for row, more in zip(rows, further, strict=True))]
        )
    return path


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """The plain recipe of components that take no time."""
    monkeypatch.setattr(stacks, "RECIPES", {**stacks.RECIPES, "plain": Recipe({"line": {}, "ridge": {}})})


@pytest.fixture
def fit(run, table, tmp_path):
    """Fit the plain recipe into "p", and give what --json says or, for another code than 0, the one line."""

    def fit(*options: object, metric: str = "score", code: int = 0):
        told = run(
            *("fit", "--data", table, "--metric", metric, "--recipe", "plain", "--out", tmp_path / "p", "--json"),
            *options,
            code=code,
        )
        if not code:
            return json.loads(told)
        (line,) = told.splitlines()
        assert not (tmp_path / "p" / "predictor.json").exists()
        return line

    return fit


def test_what_json_says(fit):
    about = fit()
    assert set(about) == {
        "predictor",
        "labels",
        "metric",
        "metrics",
        "tau",
        "informative",
        "components",
        "features",
        "columns",
    }
    assert (about["labels"], about["metric"], about["metrics"]) == (LABELLED, "score", ["score"])
    assert set(about["components"]) == {"line", "ridge"}
    assert sum(each["weight"] for each in about["components"].values()) == pytest.approx(1)
    assert about["informative"]
    assert about["columns"] == ["params", "log:params"]


@pytest.mark.parametrize(
    ("features", "columns"),
    [
        ("params,gaps", {"params", "gaps"}),
        ("none", set()),
        ("gaps", {"gaps"}),
        ("digits", {"digits"}),
        ("stem, params", {"stem=a", "stem=b", "stem=c", "params"}),
        ("same,params", {"params"}),
    ],
)
def test_features_are_those_that_are_named(fit, features, columns):
    assert {name for name in fit("--features", features)["columns"] if not name.startswith("log:")} == columns


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("parms", "the table has no column 'parms'; did you mean 'params'?"),
        ("params,params", "column 'params' is named twice"),
        ("score", "'score' is the metric to predict"),
        ("name", "column 'name' has 60 different texts"),
        ("", "--features: no column is named"),
        (" , ", "--features: no column is named"),
    ],
)
def test_features_that_cannot_be_are_one_line(fit, monkeypatch, features, message):
    monkeypatch.setattr(fitting, "fit_and_save", None)
    assert message in fit("--features", features, code=2)


@pytest.mark.parametrize("column", ["same", "empty"])
def test_a_column_of_no_use_is_noted(fit, monkeypatch, column):
    said = []
    monkeypatch.setattr("archflow.cli.fit.note", said.append)
    fit("--features", f"{column},params")
    assert any(f"column '{column}'" in line and "left out" in line for line in said)


def test_sources_help(fit):
    with_source = fit("--sources", "early")
    assert with_source["components"]["experts"]["weight"] > 0.2
    assert "experts" not in fit()["components"]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ("erly", "the table has no column 'erly'"),
        ("score", "'score' is the metric to predict"),
        ("early,early", "'early' is named twice"),
        ("empty", "column 'empty'"),
        ("same", "column 'same' has no two different values"),
        ("stem", "column 'stem' is not numeric"),
    ],
)
def test_sources_that_cannot_be_are_one_line_before_the_work(fit, monkeypatch, sources, message):
    monkeypatch.setattr(Recipe, "embedders", None)
    assert message in fit("--sources", sources, code=2)


def test_few_labels(fit, run, table, tmp_path):
    assert fit("--labels", 10)["labels"] == 10
    assert len(json.loads(run("predict", tmp_path / "p", "--data", table, "--json"))["top"]) == 10
    assert "most that these promise is 0.909" in run(
        "predict", tmp_path / "p", "--data", table, "--interval", 0.95, code=2
    )


@pytest.mark.parametrize(("labels", "message"), [(3, "3 labels are too few to learn from"), (1, "give at least 2")])
def test_too_few_labels(fit, labels, message):
    assert message in fit("--labels", labels, code=2)


def test_labels_with_ties_and_an_outlier_of_ten_orders(fit, run, table, tmp_path):
    for metric in ("ties", "huge"):
        assert fit(metric=metric)["informative"]
        found = json.loads(run("predict", tmp_path / "p", "--data", table, "--interval", 0.8, "--json"))
        assert found["quality"]["tau"] > 0.5
        for row in found["top"]:
            assert row["low"] <= row["predicted"] <= row["high"]
            assert np.isfinite([row["std"], row["high"]]).all()


def test_more_metrics_than_labels_is_one_line(fit):
    more = [option for name in ("ties", "huge", "noise", "early", "gaps") for option in ("--metric", name)]
    assert "a recipe learns one metric, not score, ties, " in fit("--labels", 5, *more, code=2)


def test_noise_is_said_to_be_noise(fit, run, table, tmp_path, monkeypatch):
    assert not fit(metric="noise")["informative"]
    said = []
    monkeypatch.setattr("archflow.cli.fitted.note", said.append)
    run("fit", "--data", table, "--metric", "noise", "--budget", "15s", "--out", tmp_path / "q")
    assert said == [
        "nothing here ranks better than chance: measure more architectures, or check what the metric depends on"
    ]


def test_one_architecture_repeated(run, tmp_path, monkeypatch):
    same = scored_cells(1).architectures.select(np.zeros(30, int))
    score = np.arange(30.0)
    Table(same, {"score": score}).write(tmp_path / "one.csv")
    fit = ("fit", "--metric", "score", "--out", tmp_path / "p", "--data")
    with monkeypatch.context() as broken:
        broken.setattr(Recipe, "embedders", None)
        error = run(*fit, tmp_path / "one.csv", code=2)
    assert error.startswith("archflow: all 30 architectures are the same, and no column distinguishes them; ")
    Table(same, {"score": score, "width": 1 + score % 7}).write(tmp_path / "widths.csv")
    about = json.loads(run(*fit, tmp_path / "widths.csv", "--recipe", "plain", "--json"))
    assert about["columns"] == ["width"]


def test_the_best_have_probabilities_and_intervals(fit, run, table, tmp_path):
    fit()
    predict = ("predict", tmp_path / "p", "--data", table, "--top", 4, "--interval", 0.8)
    found = json.loads(run(*predict, "--out", tmp_path / "r.csv", "--json"))
    ranked = read_table(tmp_path / "r.csv")
    probability = ranked.metric("probability_top_4_score")
    assert probability.sum() == pytest.approx(4)
    low, high = ranked.metric("low_score"), ranked.metric("high_score")
    assert (low <= ranked.metric("predicted_score")).all()
    assert (ranked.metric("predicted_score") <= high).all()
    for row in found["top"]:
        assert row["probability_top"] == probability[row["row"]] > 0.1
        assert (row["low"], row["high"]) == (low[row["row"]], high[row["row"]])
    head = run(*predict).splitlines()[0]
    assert head.split()[:9] == [*("rank", "row", "predicted", "std", "low", "high", "P(top", "4)", "measured")]
    assert "low" not in json.loads(run(*predict[:-2], "--json"))["top"][0]
    few = json.loads(run("predict", tmp_path / "p", "--data", table, "--top", 999, "--json"))
    assert [row["probability_top"] for row in few["top"]] == [1.0] * COUNT
    again = run("predict", tmp_path / "p", "--data", tmp_path / "r.csv", "--out", tmp_path / "s.csv", code=2)
    assert "predictions of score would replace it" in again.splitlines()[-1]


@pytest.mark.parametrize("coverage", ["0", "1", "-0.5", "80", "nan", "inf", "0.999", "180%"])
def test_an_impossible_coverage_is_one_line(fit, run, table, tmp_path, coverage):
    fit()
    asked = ("predict", tmp_path / "p", "--data", table, "--interval", coverage, "--out", tmp_path / "r.csv")
    (line,) = run(*asked, code=2).splitlines()
    fraction = float(coverage.removesuffix("%")) / (100 if "%" in coverage else 1)
    assert line.startswith((f"archflow: coverage {fraction:g}: give a fraction", f"archflow: coverage {fraction:g} "))
    assert not (tmp_path / "r.csv").exists()


def test_a_column_of_the_users_is_not_replaced_by_ends_unasked(fit, run, table, tmp_path):
    fit()
    read_table(table).with_metrics({"low_score": np.arange(COUNT)}).write(tmp_path / "own.csv")
    predict = ("predict", tmp_path / "p", "--data", tmp_path / "own.csv", "--out", tmp_path / "r.csv")
    run(*predict)
    assert "column 'low_score'" in run(*predict, "--interval", 0.5, code=2)
    run(*predict, "--interval", 0.5, "--force")


def test_a_table_without_the_known_columns_is_one_line(fit, run, tmp_path):
    fit()
    scored_cells(9).write(tmp_path / "bare.csv")
    for more in ((), ("--skip-unknown",)):
        error = run("predict", tmp_path / "p", "--data", tmp_path / "bare.csv", *more, code=2)
        lines = [line for line in error.splitlines() if line.startswith("archflow: ")]
        assert len(lines) == 1
        assert "the features need column 'params'" in lines[0]


def test_a_predictor_without_encoders_has_no_embeddings(fit, run, table, tmp_path):
    fit()
    for verb in (("embed", "--out", tmp_path / "e.npy"), ("choose", "--count", 3)):
        error = run(verb[0], tmp_path / "p", "--data", table, *verb[1:], code=2)
        assert error.splitlines() == ["archflow: predictor: has no encoder to embed with; give it one"]


def test_networks_have_intervals_and_no_probabilities(run, table, tmp_path):
    networks = ("--recipe", "networks", "--encoder", "mlp", "--epochs", 2, "--members", 2)
    both = ("--metric", "score", "--metric", "noise")
    run("fit", "--data", table, *both, *networks, "--out", tmp_path / "n")
    found = json.loads(run("predict", tmp_path / "n", "--data", table, "--interval", 0.5, "--json"))
    for each in found["metrics"]:
        assert all(row["low"] <= row["predicted"] <= row["high"] for row in each["top"])
        assert "probability_top" not in each["top"][0]


def test_the_same_command_gives_the_same_predictor(fit, table, tmp_path):
    fit("--features", "gaps")
    first = load_predictor(tmp_path / "p").rank(read_table(table))
    fit("--features", "gaps")
    again = load_predictor(tmp_path / "p").rank(read_table(table))
    np.testing.assert_array_equal(first.metric("predicted_score"), again.metric("predicted_score"))


def test_an_interrupted_fit_goes_on_to_the_same_predictor(run, table, tmp_path, monkeypatch):
    create("mlp", read_table(table), width=4).save(tmp_path / "e.safetensors")
    fit = ("fit", "--data", table, "--metric", "score", "--recipe", "plain", "--encoder", tmp_path / "e.safetensors")
    run(*fit, "--out", tmp_path / "whole")

    class Interrupted(SimpleNamespace):
        def reach(self, epochs: int) -> None:
            if epochs == 40:
                raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(fitting, "progress_bar", lambda *_, kept: contextlib.nullcontext(Interrupted()))
        run(*fit, "--out", tmp_path / "broken", code=130)
    assert [path.name for path in (tmp_path / "broken").iterdir() if path.name.startswith("fit.state")]
    assert not (tmp_path / "broken" / "predictor.json").exists()
    epochs = []
    monkeypatch.setattr(
        fitting, "progress_bar", lambda *_, kept: contextlib.nullcontext(SimpleNamespace(reach=epochs.append))
    )
    run(*fit, "--out", tmp_path / "broken")
    assert min(epochs) > 30
    whole, broken = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("whole", "broken")
    )
    assert whole == broken
