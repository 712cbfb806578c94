"""`fit` and `predict` of odd tables: columns that give labels away, or that change between the two; labels that are
bounded, far off or all equal."""

import json

import numpy as np
import pytest

from archflow.graph.table import Table, read_table
from archflow.recipes import stacks
from archflow.recipes.stacks import Recipe
from tests.tables import scored_cells

COUNT, LABELLED = 60, 40
CELLS = scored_cells(COUNT)
SCORE = CELLS.metric("score")
RNG = np.random.default_rng(0)
COLUMNS = {
    "score": np.where(np.arange(COUNT) < LABELLED, SCORE, np.nan),
    "params": RNG.random(COUNT),
    "gaps": np.where(np.arange(COUNT) % 5 == 0, np.nan, SCORE + RNG.normal(0, 0.3, COUNT)),
    "percent": 100 * SCORE,
    "flops": np.exp(SCORE),
    "copy": SCORE,
    "same": np.ones(COUNT),
    "ties": np.round(SCORE),
    "near": np.round(SCORE) + RNG.normal(0, 0.01, COUNT),
    "huge": np.where(np.arange(COUNT) == 3, 1e10, SCORE),
    "success": (np.median(SCORE) < SCORE).astype(float),
    "val_acc": 1 - 0.1 * np.exp(-SCORE),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "cells.parquet"
    Table(CELLS.architectures, COLUMNS).write(path)
    return path


@pytest.fixture
def notes(monkeypatch) -> list[str]:
    """What `fit` notes."""
    said: list[str] = []
    for module in ("fit", "fitted"):
        monkeypatch.setattr(f"archflow.cli.{module}.note", said.append)
    return said


@pytest.fixture
def fit(run, table, tmp_path, monkeypatch):
    """Fit components that take no time into "p", and give what --json says or, for code 2, the one line."""
    monkeypatch.setattr(stacks, "RECIPES", {**stacks.RECIPES, "plain": Recipe({"line": {}, "ridge": {}})})

    def fit(*options: object, metric: str = "score", code: int = 0):
        command = ("fit", "--data", table, "--metric", metric, "--recipe", "plain", "--out", tmp_path / "p", "--json")
        told = run(*command, *options, code=code)
        return json.loads(told) if not code else told

    return fit


@pytest.fixture
def predict(run, table, tmp_path):
    """What `predict` says of the table with some of its columns replaced."""

    def predict(*options: object, **columns: np.ndarray):
        Table(CELLS.architectures, {**COLUMNS, **columns}).write(tmp_path / "other.parquet")
        return json.loads(run("predict", tmp_path / "p", "--data", tmp_path / "other.parquet", "--json", *options))

    return predict


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--features", "params,percent"),
            "'percent' is the metric to predict, in the same or another unit;",
        ),
        (("--features", "flops"), "column 'flops' has exactly the order of all 40 labels; leave it out, or rank by it"),
        (("--sources", "copy", "--features", "none"), "column 'copy' equals the labels"),
    ],
)
def test_a_column_that_gives_the_labels_away_is_one_line(fit, options, message):
    (line,) = fit(*options, code=2).splitlines()
    assert message in line


def test_one_that_is_found_by_its_name_is_left_out_with_a_note(fit, notes):
    assert set(fit()["columns"]) == {"params", "log:params"}
    assert "column 'flops' has exactly the order of all 40 labels: not used" in notes


def test_a_cheap_metric_with_the_order_of_the_labels_is_a_source(fit):
    assert fit("--sources", "flops", "--features", "none")["components"]["experts"]["tau"] > 0.9


def test_a_column_that_is_enough_is_named(fit, notes, run, table, tmp_path):
    about = fit("--features", "near", metric="ties")
    assert about["note"].startswith("column 'near' alone ranks the labels as well as the predictor (")
    command = ("fit", "--data", table, "--metric", "ties", "--recipe", "plain", "--features", "near")
    run(*command, "--out", tmp_path / "text")
    assert about["note"] in notes
    assert "note" not in fit("--features", "params")


@pytest.mark.parametrize(
    ("features", "columns", "message"),
    [
        ("params", {"params": np.full(COUNT, np.nan)}, "is empty here"),
        ("params", {"params": np.where(np.arange(COUNT) < 5, np.nan, 0.5)}, "has no value for 5 of 60 here"),
        ("params", {"params": 1e6 * COLUMNS["params"]}, "here: is it in another unit?"),
        ("gaps", {"gaps": np.where(np.arange(COUNT) % 2, np.nan, SCORE)}, "has no value for 30 of 60 here"),
        ("gaps", {"gaps": COLUMNS["gaps"]}, ""),
    ],
)
def test_a_column_that_changes_between_fit_and_predict_is_one_warning(fit, predict, features, columns, message):
    fit("--features", features)
    warnings = predict(**columns).get("warnings", [])
    assert len(warnings) == bool(message)
    assert all(line.startswith(f"column {features!r} ") and message in line for line in warnings)


def test_a_warning_is_logged_too(fit, predict, caplog):
    fit("--features", "params")
    (line,) = predict(params=np.full(COUNT, np.nan))["warnings"]
    assert line in [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]


@pytest.mark.parametrize(("metric", "most"), [("success", 1.0), ("val_acc", 1.0)])
def test_intervals_stay_where_values_can_be(fit, predict, metric, most):
    fit("--features", "none", metric=metric)
    for row in predict("--interval", 0.9, "--top", COUNT)["top"]:
        assert 0 <= row["low"] <= row["predicted"] <= row["high"] <= most


def test_a_label_far_from_all_others_is_noted(fit, notes):
    assert fit(metric="huge")["informative"]
    (line,) = (line for line in notes if line.startswith("row 3: huge is 1e+10, and all others lie between "))
    assert line.endswith("if it is wrong, correct or empty it")
    notes.clear()
    fit(metric="ties")
    assert not any(line.startswith("row") for line in notes)


def test_equal_labels_are_one_line(fit):
    (line,) = fit(metric="same", code=2).splitlines()
    assert "labels of same: all 60 are equal (1); there is nothing to rank" in line


def test_predictions_and_intervals_are_computed_once(fit, predict, monkeypatch):
    from archflow.predict.stacked import StackedPredictor

    fit()
    seen, original = [], StackedPredictor.forecast
    monkeypatch.setattr(
        StackedPredictor, "forecast", lambda self, shown, *more: seen.append(len(shown)) or original(self, shown, *more)
    )
    predict("--interval", 0.8)
    assert seen == [COUNT]


def test_what_was_ranked_has_the_ends_of_its_intervals(fit, run, table, tmp_path):
    fit()
    run("predict", tmp_path / "p", "--data", table, "--interval", 0.5, "--out", tmp_path / "ranked.csv")
    ranked = read_table(tmp_path / "ranked.csv")
    assert (ranked.metric("low_score") <= ranked.metric("high_score")).all()
