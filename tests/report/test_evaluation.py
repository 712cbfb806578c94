"""The report of an evaluation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.report.evaluation import Predictions, evaluation_report
from tests.report.pages import ReadPage, read_page

HOSTILE = "</script><img src=x onerror=alert('x')>"


def budget(labels: int = 50, judged: int = 4000, error: float | None = 0.01) -> dict[str, Any]:
    rows = [
        {"predictor": name, "weight": weight, "tau": tau, "tau_error": error, "p_at_1": tau / 2, "top_ten": tau / 3}
        | {"regret_at_10": 1 - tau, "regret_at_10_error": error}
        for name, weight, tau in (("blend", None, 0.7), (HOSTILE, 1.0, 0.6), ("random order", None, 0.0))
    ]
    about = {"labels": labels, "repetitions": 1 if error is None else 5, "judged": judged, "predictors": rows}
    return about | {"coverage": {"0.5": 0.52, "0.8": 0.75, "0.95": None}}


def written(path: Path, count: int = 30, **given: Any) -> ReadPage:
    measured = np.linspace(0, 1, count)
    predictions = Predictions(measured + 0.01, measured, measured - 0.1, measured + 0.2, f"score {HOSTILE}")
    usual = {"title": HOSTILE, "verdict": ["One.", "Two.", HOSTILE], "budgets": [budget()], "predictions": predictions}
    evaluation_report(path, **{**usual, **given})
    return read_page(path.read_text(encoding="utf-8"))


def test_every_part_is_there(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", budgets=[budget(25), budget(50)])
    assert read.texts("h2") == [
        "What ranks how well after 50 labels?", "What do more labels bring?", "Predicted against measured",
        "Are the intervals calibrated?",
    ]  # fmt: skip
    assert list(read.figures) == ["tau", "labels", "predicted-against-measured", "coverage"]
    assert next(p.text for p in read.root.iter("p") if p.get("class") == "lead") == "One. Two."
    assert HOSTILE in read.texts("p")
    curve = [(row["name"], row["x"], row["y"]) for row in read.rows("labels")]
    assert curve == [("blend", 25, 0.7), ("blend", 50, 0.7), (HOSTILE, 25, 0.6), (HOSTILE, 50, 0.6)]


def test_bars_have_errors_and_leave_chance_out(tmp_path: Path) -> None:
    rows = written(tmp_path / "r.html").rows("tau")
    assert [(row["name"], row["tau"]) for row in rows] == [("blend", 0.7), (HOSTILE, 0.6)]
    assert (rows[0]["low"], rows[0]["high"]) == (0.69, 0.71)
    single = written(tmp_path / "r.html", budgets=[budget(error=None)])
    assert single.rows("tau")[0]["error"] is None
    assert not any("standard error" in (each or "") for each in single.texts("figcaption") + single.texts("p"))


def test_the_table_marks_the_best_and_counts_ten_where_few_are_judged(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", budgets=[budget(judged=300)])
    assert read.texts("th")[:5] == ["predictor", "weight", "Kendall tau", "top ten", "regret@10"]
    assert read.texts("td")[:5] == ["blend", "–", "0.700 (0.010)", "0.233", "0.300 (0.010)"]
    assert [node.text for node in read.root.iter("td") if node.get("class") == "best"] == [
        "0.700 (0.010)", "0.233", "0.300 (0.010)",
    ]  # fmt: skip
    assert "P@1 %" in written(tmp_path / "r.html").texts("th")


def test_coverage_shows_what_was_promised(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html")
    assert [(row["x"], row["y"]) for row in read.rows("coverage") if row["name"] == "held"] == [
        (0.5, 0.52),
        (0.8, 0.75),
    ]
    nothing = {**budget(), "coverage": {"0.8": None}}
    assert "coverage" not in written(tmp_path / "r.html", budgets=[nothing]).figures


def test_without_intervals_dots_remain(tmp_path: Path) -> None:
    none = np.full(3, np.nan)
    read = written(tmp_path / "r.html", predictions=Predictions([1, 2, 3], [1, 2, 4], none, none, "score"))
    rows = [row for row in read.rows("predicted-against-measured") if "measured" in row]
    assert [(row["predicted"], row["measured"], row["low"]) for row in rows] == [
        (1, 1, None),
        (2, 2, None),
        (3, 4, None),
    ]
    assert not any("80 %" in (each or "") for each in read.texts("figcaption"))


def test_figures_go_into_a_folder_too(tmp_path: Path) -> None:
    written(tmp_path / "r.html", figures_folder=tmp_path / "f")
    names = {path.name for path in (tmp_path / "f").iterdir()}
    assert names == {
        f"{n}.{e}" for n in ("tau", "predicted-against-measured", "coverage") for e in ("png", "svg", "pdf")
    }
