import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.errors import ArchflowError
from archflow.report.ranking import CARDS, ranking_report
from archflow.report.svg import escape
from tests.report.pages import ReadPage, read_page

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</script><img src=x onerror=alert('x')>"


@dataclass(frozen=True)
class Graph:
    ops: Sequence[str]
    edges: Sequence[tuple[int, int]]
    attributes: Mapping[str, Sequence[float]] = field(default_factory=dict)


CELL = Graph(["input", "conv", HOSTILE, "none", "output"], [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)])


def parts(count: int = 400) -> dict[str, Any]:
    """Everything a full report takes, of `count` architectures, with a hostile name wherever a name goes."""
    rng = np.random.default_rng(3)
    measured = rng.normal(90, 4, count)
    ks = np.arange(1, count + 1)
    return {
        "title": f"report {HOSTILE}",
        "metric": "test accuracy (%)",
        "summary": [("encoder", HOSTILE), ("labels", 20)],
        "comparison": [
            {"method": "supervised", "kendall_tau": 0.6, "p_at_5": 0.4, "regret": 0.5, "hours": 3},
            {"method": "fgp", "kendall_tau": 0.7, "kendall_tau_std": 0.02, "p_at_5": 0.55, "regret": 0.125},
        ],
        "predicted": measured + rng.normal(0, 2, count),
        "measured": measured,
        "fitted": np.arange(count) < 20,
        "precision_curves": {"fgp": (ks, ks / count), HOSTILE: (ks, ks / count), "chance": (ks, ks / count)},
        "loss_curves": {"pre-training: flow": [3.0, 2.0], "pre-training: proxy": [1.0], HOSTILE: [1.0, 0.1, 0.001]},
        "embeddings": rng.normal(size=(count, 8)),
        "architectures": [CELL] * count,
        "native": [HOSTILE] * count,
    }


def written(path: Path, **given: Any) -> ReadPage:
    """The page of a report, read after checking that it is one safe file; by default of two architectures."""
    ranking_report(path, **{"title": "t", "summary": [], "predicted": [0.1, 0.2], **given})
    return read_page(path.read_text(encoding="utf-8"))


def lead(read: ReadPage) -> str:
    return next(node.text or "" for node in read.root.iter("p") if node.get("class") == "lead")


def test_a_full_report_has_every_part_and_is_one_safe_file(tmp_path: Path) -> None:
    read = written(tmp_path / "report.html", **parts())
    assert read.texts("h2") == [
        "How good is the ranking?", "Finding the best: precision@k", "Predicted against measured",
        "Map of the embeddings", "The architectures predicted best", "Loss by epoch",
    ]  # fmt: skip
    assert list(read.figures) == [
        "comparison", "precision", "predicted-against-measured", "places", "embeddings", "loss-1", "loss-2",
    ]  # fmt: skip
    assert len(list(read.root.iter(f"{SVG}svg"))) == CARDS
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    first = (tmp_path / "report.html").read_bytes()
    written(tmp_path / "report.html", **parts())
    assert (tmp_path / "report.html").read_bytes() == first
    text = first.decode()
    assert "<img" not in text[text.index("<body>") : text.index('id="figure-data"')]
    assert escape(HOSTILE) in text


def test_points_of_three_figures_are_the_same_rows(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", **parts())
    scores, places, embedded = (
        read.figures[n]["data_sets"] for n in ("predicted-against-measured", "places", "embeddings")
    )
    assert scores == embedded
    assert set(scores) < set(places)
    assert len(read.rows("embeddings")) == 400


def test_figures_go_into_a_folder_too(tmp_path: Path) -> None:
    written(tmp_path / "r.html", measured=[0.3, 0.4], figures_folder=tmp_path / "figures")
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"{n}.{e}" for n in ("predicted-against-measured", "places") for e in ("png", "svg", "pdf")}


def test_the_first_paragraph_says_what_and_how_good(tmp_path: Path) -> None:
    assert lead(written(tmp_path / "r.html", **parts())) == (
        "A predictor saw the test accuracy (%) of 20 of 400 architectures (5 %) and then ranked them all. "
        "Its order agrees with the measured one to a Kendall tau of 0.700 (1 is the same order, 0 is chance), "
        "better than the 0.600 of networks trained on the labels alone. "
        "Of the 5 % that it puts first, 55 % are truly among the best 5 %."
    )


def test_a_worse_method_is_called_worse(tmp_path: Path) -> None:
    rows = [{"method": "supervised", "kendall_tau": 0.7}, {"method": "fgp", "kendall_tau": 0.6}]
    assert "worse than the 0.700" in lead(written(tmp_path / "r.html", comparison=rows))


def test_tau_may_go_by_its_short_name(tmp_path: Path) -> None:
    rows = [{"method": "supervised", "tau": 0.5}, {"method": "fgp", "tau": 0.75}]
    told = lead(written(tmp_path / "r.html", comparison=rows))
    assert "a Kendall tau of 0.750" in told
    assert "better than the 0.500" in told


def test_the_table_marks_the_best_of_each_column(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", **parts())
    assert read.texts("th") == ["method", "Kendall tau", "P@5 %", "regret", "hours"]
    assert read.texts("td") == [
        "supervised only", "0.600", "0.400", "0.500", "3", "FGP (flow + proxy)", "0.700 (0.020)", "0.550", "0.125", "–",
    ]  # fmt: skip
    best = [node.text for node in read.root.iter("td") if node.get("class") == "best"]
    assert best == ["0.700 (0.020)", "0.550", "0.125"]
    assert {row["category"] for row in read.rows("comparison")} == {"Kendall tau", "P@5 %"}


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [
        ("comparison", "How good is the ranking?"),
        ("measured", "Predicted against measured"),
        ("fitted", None),
        ("precision_curves", "Finding the best: precision@k"),
        ("embeddings", "Map of the embeddings"),
        ("architectures", "The architectures predicted best"),
        ("native", None),
        ("loss_curves", "Loss by epoch"),
    ],
)
def test_a_missing_part_is_left_out(tmp_path: Path, left_out: str, gone: str | None) -> None:
    everything = written(tmp_path / "all.html", **parts(40)).texts("h2")
    rest = written(tmp_path / "r.html", **parts(40) | {left_out: None}).texts("h2")
    assert rest == [heading for heading in everything if heading != gone]


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("fill", [np.nan, np.inf, 5.0])
def test_degenerate_data_do_not_break_the_page(tmp_path: Path, count: int, fill: float) -> None:
    flat = np.full(count, fill)
    given = parts(40) | {
        "predicted": flat, "measured": flat, "fitted": np.ones(count, bool), "embeddings": np.full((count, 3), fill),
        "precision_curves": {"fgp": ([], [])}, "loss_curves": {"a": [], "b": [fill]},
        "comparison": [{"method": "fgp", "kendall_tau": fill, "p_at_1": None}],
    }  # fmt: skip
    written(tmp_path / "r.html", **given)


def test_only_a_title(tmp_path: Path) -> None:
    read = written(tmp_path / "r.html", title="bare")
    assert read.texts("h2") == []
    assert lead(read) == "A predictor ranked 2 architectures by their expected measured score."


def test_cards_show_the_best_that_the_predictor_was_not_fitted_on(tmp_path: Path) -> None:
    given = parts(30) | {"predicted": np.arange(30.0), "measured": np.arange(30.0) % 7, "fitted": np.arange(30) == 29}
    read = written(tmp_path / "r.html", **given)
    assert read.texts("h3") == [f"#{i}" for i in range(2, 2 + CARDS)]
    assert "measured 0 (place 26 of 30)" in read.texts("p")
    assert [row["kind"] for row in read.rows("predicted-against-measured")].count(
        "predicted best, shown below"
    ) == CARDS
    assert re.search(r"fitted on are left out", " ".join(read.texts("p")))


def test_a_bad_architecture_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    written(path, title="old")
    before = path.read_bytes()
    given = parts(40)
    given["architectures"][-1] = Graph(["a", "b"], [(0, 1), (1, 0)])
    with pytest.raises(ArchflowError, match="cycle"):
        ranking_report(path, **given)
    assert path.read_bytes() == before
