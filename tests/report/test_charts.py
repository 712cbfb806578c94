import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.report.charts import MAX_DOTS, Bars, Line, Strip, bars, lines, scatter, strips

SVG = "{http://www.w3.org/2000/svg}"
Parse = Callable[[str], Element]
ODD = [[], [0.5], [2.0, 2.0, 2.0], [np.nan, 1.0, np.inf, 3.0], [np.nan] * 3, [-1e308, 0.0, 1e308], [0.0, -1.0, 1e-300]]


def dots(root: Element) -> int:
    return sum(node.get("d", "").count("h0") for node in root.iter(f"{SVG}path") if node.get("class") == "dots")


def texts(root: Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("data", ODD, ids=str)
@pytest.mark.parametrize("log", [False, True])
def test_odd_data_do_not_break_any_chart(parsed: Parse, data: list[float], log: bool) -> None:
    index = np.arange(len(data)) + 1.0
    known = int(np.isfinite(data).sum() if not log else (np.isfinite(data) & (np.asarray(data) > 0)).sum())
    drawn = parsed(scatter(index, data, x_label="x", y_label="y", colour=data, log=log, noted=[(1.0, np.nan, "n")]))
    assert dots(drawn) == known
    parsed(lines([Line("a", index, data, low=data, high=data)], x_label="x", y_label="y", log_x=log, log_y=log))
    parsed(bars([f"c{i}" for i in index], [Bars("a", data, np.abs(data)), Bars("b", data)], y_label="y"))
    parsed(strips([Strip("a", data, 0.5), Strip("b", [], np.nan)], x_label="x"))


def test_nothing_at_all_is_still_a_drawing(parsed: Parse) -> None:
    for drawing in (lines([], x_label="x", y_label="y"), bars([], [], y_label="y"), strips([], x_label="x")):
        assert parsed(drawing).tag == f"{SVG}svg"


@pytest.mark.parametrize("count", [1, 150, 900])
@pytest.mark.parametrize("coloured", [False, True])
def test_every_dot_is_drawn_once_at_its_place(parsed: Parse, count: int, coloured: bool) -> None:
    rng = np.random.default_rng(count)
    x, y = rng.normal(size=(2, count))
    svg = scatter(x, y, x_label="x", y_label="y", colour=y if coloured else None)
    places = re.findall(r"M([\d.]+) ([\d.]+)h0", svg)
    assert dots(parsed(svg)) == len(places) == count
    right, up = np.array(places, dtype=float).T
    # Sorted by data or by pixel, the same order: the largest x stands rightmost, the largest y (least pixel) on top.
    assert count == 1 or np.ptp(right) > 250
    expected = (np.sort(x) - x.min()) / (np.ptp(x) or 1.0)
    assert np.allclose((np.sort(right) - right.min()) / (np.ptp(right) or 1.0), expected, atol=1e-3)
    expected = (np.sort(-y) + y.max()) / (np.ptp(y) or 1.0)
    assert np.allclose((np.sort(up) - up.min()) / (np.ptp(up) or 1.0), expected, atol=1e-3)


def test_a_dense_cloud_is_thinned_evenly(parsed: Parse) -> None:
    values = np.arange(3.0 * MAX_DOTS)
    svg = scatter(values, values, x_label="x", y_label="y")
    assert dots(parsed(svg)) == MAX_DOTS
    assert len(svg) < 20 * MAX_DOTS


def test_colour_follows_the_rank_and_the_bar_shows_quartiles(parsed: Parse) -> None:
    values = np.array([10.0, 90.0, 91.0, 92.0, 93.0])
    skewed, even = (scatter(values, values, x_label="x", y_label="y", colour=c) for c in (values, np.arange(5.0)))
    strokes = [re.findall(r'stroke="(#\w+)"', drawing) for drawing in (skewed, even)]
    assert strokes[0] == strokes[1]
    assert len(set(strokes[0])) == 5
    assert {"10", "90", "91", "92", "93"} <= set(texts(parsed(skewed)))
    unknown = scatter(values, values, x_label="x", y_label="y", colour=[1, 2, np.nan, 4, 5])
    assert unknown.count("var(--rule)") == 1
    assert dots(parsed(unknown)) == 5


def test_marked_dots_and_notes_are_in_the_legend(parsed: Parse) -> None:
    marked = {"seen <1>": [True, False], "nobody": [False, False]}
    guide = Line("diagonal", [1, 2], [3, 4], dashed=True)
    noted = [(1, 3, "best & only")]
    drawing = scatter(
        [1, 2], [3, 4], x_label="x", y_label="y", marked=marked, noted=noted, noted_name="top", guides=[guide]
    )
    root = parsed(drawing)
    assert {"seen <1>", "top", "diagonal"} <= set(texts(root))
    assert "nobody" not in texts(root)
    assert [node.text for node in root.iter(f"{SVG}title")] == ["best & only"]
    assert dots(root) == 3


def test_bars_start_at_zero_and_whiskers_span_the_error(parsed: Parse) -> None:
    root = parsed(bars(["one", "two"], [Bars("a", [0.5, np.nan], [0.1, 0.1]), Bars("b", [-0.25, 1.0])], y_label="y"))
    boxes = [n for n in root.iter(f"{SVG}rect") if n.find(f"{SVG}title") is not None]
    by_name = {(n.findtext(f"{SVG}title") or ""): n for n in boxes}
    assert list(by_name) == ["a, one: 0.5 ± 0.1", "b, one: -0.25", "b, two: 1"]
    top = {k: float(n.get("y", "")) for k, n in by_name.items()}
    height = {k: float(n.get("height", "")) for k, n in by_name.items()}
    zero = top["b, one: -0.25"]
    assert top["a, one: 0.5 ± 0.1"] + height["a, one: 0.5 ± 0.1"] == pytest.approx(zero, abs=0.2)
    assert height["b, two: 1"] == pytest.approx(2 * height["a, one: 0.5 ± 0.1"], abs=0.3)
    whisker = next(n.get("d", "") for n in root.iter(f"{SVG}path") if n.get("class") == "whisker")
    low, high = (float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)h6", whisker))
    assert low - high == pytest.approx(0.2 * height["b, two: 1"], abs=0.3)


def test_strips_show_every_run_mean_and_reference(parsed: Parse) -> None:
    root = parsed(strips([Strip("plain", [0.1, 0.2, np.nan, 0.3], 0.25), Strip("other", [0.4])], x_label="tau"))
    assert dots(root) == 4
    titles = [node.text for node in root.iter(f"{SVG}title")]
    assert titles == ["plain: 0.2000 ± 0.0816, 3 runs", "published: 0.25", "other: 0.4000 ± 0.0000, 1 runs"]
    assert {"plain", "other", "published", "mean ± std", "tau"} <= set(texts(root))
    assert "published" not in texts(parsed(strips([Strip("plain", [0.1])], x_label="tau")))


def test_a_band_encloses_its_line(parsed: Parse) -> None:
    svg = lines([Line("a", [1, 2, 3], [2, 3, 2], low=[1, 2, 1], high=[3, 4, 3])], x_label="x", y_label="y")
    band = next(n.get("d", "") for n in parsed(svg).iter(f"{SVG}path") if n.get("fill-opacity"))
    assert len(re.findall("[ML]", band)) == 6
    assert band.endswith("Z")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=30), st.booleans())
def test_the_same_data_give_the_same_drawing(points: list[tuple[float, float]], log: bool) -> None:
    x, y = np.array(points).reshape(-1, 2).T
    first, second = (scatter(x, y, x_label="x", y_label="y", colour=y, log=log) for _ in range(2))
    assert first == second
    assert "nan" not in first


def test_a_thinned_cloud_says_so():
    many = np.arange(MAX_DOTS + 5.0)
    assert f"{MAX_DOTS:,} of {len(many):,} points drawn" in scatter(many, many, x_label="x", y_label="y")
    few = many[:50]
    assert "points drawn" not in scatter(few, few, x_label="x", y_label="y")
