"""`archflow evaluate` from the command line."""

import json
import sys

import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.predict.stacked import StackedPredictor
from archflow.recipes import evaluation
from tests.tables import scored_cells


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """80 cells, of which 70 have a score."""
    path = tmp_path_factory.mktemp("data") / "cells.parquet"
    cells = scored_cells(80)
    score = np.where(np.arange(80) < 70, cells.metric("score"), np.nan)
    params = np.random.default_rng(3).random(80)
    few = np.where(np.arange(80) < 10, score, np.nan)
    columns = {"score": score, "latency": 9 - score, "params": params, "few": few, "same": np.ones(80)}
    Table(cells.architectures, columns).write(path)
    return path


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ARCHFLOW_CACHE", str(folder))
    return folder


@pytest.fixture
def quick(monkeypatch):
    """Predictors of two components that take no time."""

    def maker(task, *_, **__):
        (objective,) = task.objectives(0.5)
        return lambda seed: StackedPredictor(components=["line", "ridge"], objective=objective, seed=seed)

    monkeypatch.setattr(evaluation, "maker", maker)


def test_the_whole_way(run, table, tmp_path):
    pytest.importorskip("altair", reason="the extra report is not installed")
    report = tmp_path / "report.html"
    options = ("--metric", "score", "--labels", 30, "--repetitions", 1, "--recipe", "plain", "--report", report)
    found = json.loads(run("evaluate", table, *options, "--json"))
    assert (found["table"], found["metric"], found["report"]) == (str(table), "score", str(report))
    (budget,) = found["budgets"]
    assert (budget["labels"], budget["judged"], budget["repetitions"]) == (30, 40, 1)
    taus = {row["predictor"]: row["tau"] for row in budget["predictors"]}
    assert {"blend", "boosted", "forest", "line", "process", "ridge", "random order"} == set(taus)
    assert taus["blend"] > 0.5
    assert found["verdict"][0].startswith("With 30 labels the blend puts ")
    assert found["verdict"][0] in report.read_text()
    run("evaluate", table, "--metric", "score", "--labels", 1, code=2)  # and what is its own may be replaced


def test_text(run, quick, table):
    text = run("evaluate", "--data", table, "--metric", "score", "--labels", "20,0.4", "--repetitions", 2)
    lines = text.splitlines()
    assert lines[0] == f"{table}, score: 2 draws of 20 labels, judged on 42 others"
    assert "2 draws of 28 labels, judged on 42 others" in lines
    assert lines[2].split() == ["predictor", "weight", "Kendall", "tau", "top", "ten", "regret@10"]
    assert any(line.startswith("ridge") and " ± " in line and "%" in line for line in lines)
    assert any(line.startswith("coverage of intervals, nominal and actual: 50 %: ") for line in lines)
    assert any(line.startswith("With 28 labels the blend puts ") for line in lines)
    assert "from 20 to 28 of them" in lines[-1]


def test_an_interrupted_one_resumes(run, quick, table, cache, monkeypatch):
    options = ("evaluate", table, "--metric", "score", "--labels", "20,30", "--repetitions", 2, "--json")
    whole, fitted, original = run(*options), [], StackedPredictor.fit
    assert not list((cache / "evaluations").iterdir())

    def fit(self, *given, **named):
        if len(fitted) == 3:
            fitted.clear()
            raise KeyboardInterrupt
        fitted.append(1)
        return original(self, *given, **named)

    monkeypatch.setattr(StackedPredictor, "fit", fit)
    assert "run the same command to resume" in run(*options, code=130)
    assert run(*options) == whole
    assert len(fitted) == 1
    assert not list((cache / "evaluations").iterdir())


def test_low_is_noted_and_asked_for(run, quick, table, monkeypatch):
    options = ("evaluate", table, "--labels", 30, "--repetitions", 1, "--json")
    high = json.loads(run(*options, "--metric", "latency"))
    assert "the highest latency is taken for the best" in high["note"]
    assert not high["lower_is_better"]
    for low in (("--metric", "-latency"), ("--metric", "latency", "--lower-is-better")):
        found = json.loads(run(*options, *low))
        assert found["lower_is_better"]
        assert "note" not in found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--metric", "scor"), "scor"),
        (("--metric", "few"), "measure at least 25"),
        (("--metric", "same"), "same: all 80 values are 1; there is no order to learn"),
        (("--metric", "score", "--labels", "0"), "--labels '0': give a count such as 50"),
        (("--metric", "score", "--labels", "nan"), "--labels 'nan': give a count such as 50"),
        (("--metric", "score", "--labels", "many"), "--labels 'many': give a count such as 50"),
        (("--metric", "score", "--labels", "-5"), "--labels '-5': give a count such as 50"),
        (("--metric", "score", "--labels", "50%,100%"), "leave architectures to judge on"),
        (("--metric", "score", "--labels", "1e300"), "give at most --labels 50"),
        (("--metric", "score", "--labels", "10,60"), "give at most --labels 50"),
        (("--metric", "score", "--labels", "3"), "3 are too few to learn from"),
        (("--metric", "score", "--features", "parms"), "did you mean 'params'"),
        (("--metric", "score", "--features", "score"), "'score' is the metric to predict"),
        (("--metric", "score", "--recipe", "bst"), "no recipe is called 'bst'"),
        (
            ("--metric", "score", "--recipe", "networks"),
            "no recipe is called 'networks'; there are: plain, quick, best",
        ),
        (("--metric", "score", "--figures", "f"), "give --report too"),
        (("--metric", "score", "--report", "r.txt"), "a report is written as .html"),
        (("--metric", "score", "--data", "digits201"), "which table?"),
    ],
)
def test_what_cannot_be_is_one_line_before_any_work(run, table, monkeypatch, tmp_path, options, message):
    monkeypatch.setattr(evaluation, "evaluate", None)
    monkeypatch.chdir(tmp_path)
    error = run("evaluate", table, *options, code=2)
    assert message in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_no_table_is_one_line(run):
    assert "which table?" in run("evaluate", "--metric", "score", code=2)


def test_one_architecture_repeated_is_refused(run, table, tmp_path):
    cells = scored_cells(1).architectures.select(np.zeros(60, int))
    Table(cells, {"score": np.arange(60.0)}).write(tmp_path / "one.parquet")
    error = run("evaluate", tmp_path / "one.parquet", "--metric", "score", "--labels", 10, code=2)
    assert "only 0 of the other measured architectures differ from those learnt from" in error


def test_ten_labels_of_noise_beat_nothing(run, quick, tmp_path):
    cells = scored_cells(60).architectures
    Table(cells, {"score": np.random.default_rng(5).random(60)}).write(tmp_path / "noise.parquet")
    text = run("evaluate", tmp_path / "noise.parquet", "--metric", "score", "--labels", 10, "--repetitions", 3)
    assert "cannot be learnt from 10 labels: nothing beats a constant" in text


def test_a_report_is_refused_without_its_libraries(run, table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    report = ("--report", tmp_path / "r.html")
    assert "pip install" in run("evaluate", table, "--metric", "score", *report, code=2)
