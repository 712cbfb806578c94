import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.report.ranking import places_among, ranking_report

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('x')</script>"
Parse = Callable[[str], Element]


def parts(count: int = 400) -> dict[str, Any]:
    """Everything a full report takes, of `count` architectures, with a hostile name wherever a name goes."""
    rng = np.random.default_rng(3)
    measured = rng.normal(90, 4, count)
    predicted = measured + rng.normal(0, 2, count)
    ks = np.arange(1, count + 1)
    best = [int(i) for i in np.argsort(-predicted)[:3]]
    ops, edges = ["input", "conv", HOSTILE, "none", "output"], [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]
    return {
        "title": f"report {HOSTILE}",
        "metric": "test accuracy (%)",
        "summary": [("encoder", HOSTILE), ("labels", 20)],
        "comparison": [
            {"method": "supervised", "kendall_tau": 0.6, "p_at_5": 0.4, "regret": 0.5, "hours": 3},
            {"method": "fgp", "kendall_tau": 0.7, "kendall_tau_std": 0.02, "p_at_5": 0.55, "regret": 0.125},
        ],
        "predicted": predicted,
        "measured": measured,
        "labelled": np.arange(count) < 20,
        "precision_curves": {"fgp": (ks, ks / count), HOSTILE: (ks, ks / count), "chance": (ks, ks / count)},
        "loss_curves": {"pre-training: flow": [3.0, 2.0], "pre-training: proxy": [1.0], HOSTILE: [1.0, 0.1, 0.001]},
        "embeddings": rng.normal(size=(count, 8)),
        "top": [
            {"rank": r, "predicted": predicted[i], "measured": measured[i], "ops": ops, "edges": edges}
            | {"native": HOSTILE}
            for r, i in enumerate(best, start=1)
        ],
    }  # fmt: skip


def written(path: Path, **given: Any) -> str:
    ranking_report(path, **given)
    return path.read_text(encoding="utf-8")


def headings(root: Element) -> list[str]:
    return [node.text or "" for node in root.iter("h2")]


def test_a_full_report_has_every_part_and_is_one_safe_file(tmp_path: Path, parsed: Parse) -> None:
    page = written(tmp_path / "report.html", **parts())
    root = parsed(page)
    assert headings(root) == [
        "How good is the ranking?", "Finding the best: precision@k", "Predicted against measured",
        "Map of the embeddings", "The architectures predicted best", "Loss by epoch",
    ]  # fmt: skip
    assert len([n for n in root.iter(f"{SVG}svg")]) == 1 + 1 + 2 + 1 + 3 + 2
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert page == written(tmp_path / "report.html", **parts())


def test_the_first_paragraph_says_what_and_how_good(tmp_path: Path, parsed: Parse) -> None:
    lead = next(n for n in parsed(written(tmp_path / "r.html", **parts())).iter("p") if n.get("class") == "lead").text
    assert lead == (
        "A predictor saw the test accuracy (%) of 20 of 400 architectures (5 %) and then ranked them all. "
        "Its order agrees with the measured one to a Kendall tau of 0.700 (1 is the same order, 0 is chance), "
        "better than the 0.600 of networks trained on the labels alone. "
        "Of the 5 % that it puts first, 55 % are truly among the best 5 %."
    )


def test_a_worse_method_is_called_worse(tmp_path: Path) -> None:
    rows = [{"method": "supervised", "kendall_tau": 0.7}, {"method": "fgp", "kendall_tau": 0.6}]
    assert "worse than the 0.700" in written(tmp_path / "r.html", title="t", summary=[], comparison=rows)


def test_tau_may_go_by_its_short_name(tmp_path: Path) -> None:
    rows = [{"method": "supervised", "tau": 0.5}, {"method": "fgp", "tau": 0.75}]
    page = written(tmp_path / "r.html", title="t", summary=[], comparison=rows)
    assert "a Kendall tau of 0.750" in page
    assert "better than the 0.500" in page


def test_the_table_marks_the_best_of_each_column(tmp_path: Path, parsed: Parse) -> None:
    root = parsed(written(tmp_path / "r.html", **parts()))
    assert [n.text for n in root.iter("th")] == ["method", "Kendall tau", "P@5 %", "regret", "hours"]
    assert [n.text for n in root.iter("td")] == [
        "supervised only", "0.600", "0.400", "0.500", "3", "FGP (flow + proxy)", "0.700 (0.020)", "0.550", "0.125", "–",
    ]  # fmt: skip
    assert [n.text for n in root.iter("td") if n.get("class") == "best"] == ["0.700 (0.020)", "0.550", "0.125"]


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [
        ("comparison", "How good is the ranking?"),
        ("predicted", "Predicted against measured"),
        ("measured", "Predicted against measured"),
        ("labelled", None),
        ("precision_curves", "Finding the best: precision@k"),
        ("embeddings", "Map of the embeddings"),
        ("top", "The architectures predicted best"),
        ("loss_curves", "Loss by epoch"),
    ],
)
def test_a_missing_part_is_left_out(tmp_path: Path, parsed: Parse, left_out: str, gone: str | None) -> None:
    everything = headings(parsed(written(tmp_path / "all.html", **parts())))
    rest = headings(parsed(written(tmp_path / "r.html", **parts() | {left_out: None})))
    assert rest == [heading for heading in everything if heading != gone]


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("fill", [np.nan, np.inf, 5.0])
def test_degenerate_data_do_not_break_the_page(tmp_path: Path, parsed: Parse, count: int, fill: float) -> None:
    flat = np.full(count, fill)
    given = parts(40) | {
        "predicted": flat, "measured": flat, "labelled": np.ones(count, bool), "embeddings": np.full((count, 3), fill),
        "precision_curves": {"fgp": ([], [])}, "loss_curves": {"a": [], "b": [fill]},
        "comparison": [{"method": "fgp", "kendall_tau": fill, "p_at_1": None}],
    }  # fmt: skip
    parsed(written(tmp_path / "r.html", **given))


def test_only_a_title(tmp_path: Path, parsed: Parse) -> None:
    assert headings(parsed(written(tmp_path / "r.html", title="bare", summary=[]))) == []


def test_top_architectures_tell_their_measured_place(tmp_path: Path) -> None:
    given = parts()
    given["top"][0]["measured"] = float(np.sort(given["measured"])[-2])
    page = written(tmp_path / "r.html", **given)
    assert re.search(r"measured [\d.]+ \(place 2 of 400\)", page)


def test_places_share_the_best_on_ties() -> None:
    values = np.array([3.0, 5.0, 5.0, 1.0])
    assert places_among(values, values).tolist() == [3, 1, 1, 4]
    assert int(places_among(9.0, values)) == 1


def test_a_bad_architecture_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    before = written(path, title="old", summary=[])
    given = parts()
    given["top"][1]["edges"] = [(0, 1), (1, 0)]
    with pytest.raises(ArchflowError, match="cycle"):
        ranking_report(path, **given)
    assert path.read_text(encoding="utf-8") == before
