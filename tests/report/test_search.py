"""The report of a search."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.graph import Architecture
from archflow.report.search import duration, search_report
from archflow.report.search_facts import Bar, Belief, Drawn, Proposed, SearchFacts
from archflow.report.search_figures import BEST, belief_figure, workers_figure
from tests.report.pages import ReadPage, read_page

HOSTILE = "</script><img src=x onerror=alert('x')>"
CELL = Architecture(("input", HOSTILE, "output"), ((0, 1), (1, 2)))


def facts(count: int = 20, objectives: tuple[str, ...] = ("accuracy",), **given: Any) -> SearchFacts:
    values = np.random.default_rng(0).uniform(60, 90, (count, len(objectives)))
    values[3] = np.nan
    states = ["failed" if number == 3 else "measured" for number in range(count)]
    best = np.fmax.accumulate(values[:, 0])
    usual = {
        "title": f"Search in {HOSTILE}",
        "space": HOSTILE,
        "method": HOSTILE,
        "seed": 1,
        "objectives": objectives,
        "constraints": ["latency<=5"],
        "values": values,
        "counted": np.isfinite(values[:, 0]),
        "best_so_far": best,
        "reported": {HOSTILE: best - 1},
        "front": [7],
        "drawn": [Drawn(CELL, HOSTILE, 8, {"accuracy": 90.0}, HOSTILE)],
        "bars": [Bar(n % 2, 10.0 * n, 10.0 * n + 15, state, n) for n, state in enumerate(states)],
        "beliefs": [Belief(n + 1, 70.0 + n, 2.0, 71.0 + n) for n in range(5)],
        "proposed": [Proposed(HOSTILE, 9, 70.0, float("nan"))],
        "failures": [(3, HOSTILE)],
        "simulated": True,
    }
    return SearchFacts(**{**usual, **given})


def written(path: Path, shown: SearchFacts) -> ReadPage:
    search_report(path, shown)
    return read_page(path.read_text(encoding="utf-8"))


def test_every_part_is_there(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", facts())
    assert read.texts("h2") == [
        "How did the search progress?", "The best", "How good were the predictions?", "Where did proposals come from?",
        "What did the workers do?", "What failed?",
    ]  # fmt: skip
    assert list(read.figures) == ["best-so-far", "reported-0", "beliefs", "workers"]
    assert [row["best"] for row in read.rows("best-so-far")] == sorted(row["best"] for row in read.rows("best-so-far"))
    assert HOSTILE in read.texts("code")
    assert {row["state"] for row in read.rows("workers")} == {"measured", "failed"}
    assert any("100 % lay within one standard deviation" in text for text in read.texts("p"))


def test_a_front_is_drawn_for_each_pair(tmp_path: Path) -> None:
    three = facts(objectives=("accuracy", "-latency", "-energy"), front=[2, 5])
    read = written(tmp_path / "r.html", three)
    assert "Which trade-offs are there?" in read.texts("h2")
    assert [name for name in read.figures if name.startswith("front")] == ["front-1", "front-2"]
    rows = read.rows("front-1")
    assert len(rows) == 19  # what failed is not there
    assert {row["query"] for row in rows if row["kind"] == "Pareto front"} == {3, 6}
    assert rows[-1]["kind"] == "Pareto front"  # on top


def test_a_long_metric_does_not_widen_the_table(tmp_path: Path) -> None:
    long = "a_metric_" * 30
    read = written(tmp_path / "r.html", facts(objectives=(long,)))
    assert read.texts("th")[:4] == ["proposed as", "evaluations", "mean", "best"]
    assert f"Mean and best are of {long}." in read.texts("p")


def test_shades_are_of_queries_that_were_made_and_failures_are_no_success() -> None:
    shade = belief_figure(facts()).to_dict()["layer"][2]["encoding"]["color"]["scale"]
    assert set(shade) == {"range"}  # the legend spans what the rows have
    states = workers_figure(facts(), 2).to_dict()["encoding"]["color"]["scale"]
    assert dict(zip(states["domain"], states["range"], strict=True))["failed"] == BEST


def test_what_is_not_known_is_not_shown(tmp_path: Path) -> None:
    bars = [Bar(0, 0.0, 0.0, "measured", n) for n in range(20)]
    read = written(tmp_path / "r.html", facts(beliefs=[], failures=[], bars=bars, reported={}))
    assert read.texts("h2") == ["How did the search progress?", "The best", "Where did proposals come from?"]


def test_few_bad_values_do_not_press_the_others_together(tmp_path: Path) -> None:
    values = np.concatenate([np.linspace(90, 94, 30), [10.0, 10.0]])[:, None]
    given = {"values": values, "counted": np.ones(32, bool), "best_so_far": np.fmax.accumulate(values[:, 0])}
    read = written(tmp_path / "r.html", facts(32, **given, reported={}))
    (low, high), *_ = [
        layer["encoding"]["y"]["scale"]["domain"] for layer in read.figures["best-so-far"]["layer"]
    ]  # fmt: skip
    assert 85 < low < 91
    assert 94 < high < 95


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.5, "0.5 s"), (90, "90 s"), (120, "2.0 min"), (7200, "2.0 h"), (200_000, "2.3 days")]
)
def test_times_are_said_in_their_unit(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
