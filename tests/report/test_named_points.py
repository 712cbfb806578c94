"""Names beside dots: all there, inside the plot, and apart as far as there is room."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.report.named_points import SIZE, Named, named_points
from archflow.report.svg import text_width
from archflow.report.vega import specification

NAMES = st.text("abcdefghij_", min_size=1, max_size=14)
POINTS = st.builds(Named, NAMES, st.floats(1, 1e4), st.floats(-1, 1), st.floats(0, 0.2), st.sampled_from("abc"))
WIDTH, HEIGHT = 680, 440


def read(points: list[Named]) -> tuple[dict[str, Any], list[dict[str, Any]], list[tuple[float, float, float]]]:
    """The specification, its rows, and left end, middle and width of every name in pixels."""
    spec = specification(named_points(points, x_title="µs", y_title="tau"))
    rows = spec["datasets"][spec["data"]["name"]]
    encoding = spec["layer"][1]["encoding"]
    (left, right), (bottom, top) = (encoding[axis]["scale"]["domain"] for axis in ("x", "y"))
    places = [
        (
            WIDTH * math.log(row["text_x"] / left) / math.log(right / left),
            HEIGHT * (top - row["text_y"]) / (top - bottom),
            text_width(row["name"], SIZE),
        )
        for row in rows
    ]
    return spec, rows, places


@pytest.mark.parametrize("x", [np.nan, np.inf, 0.0, -1.0])
def test_what_cannot_be_drawn_is_left_out(x: float) -> None:
    _, rows, _ = read([Named("there", 1.0, 0.5), Named("not", x, 0.5)])
    assert [row["name"] for row in rows] == ["there"]


def test_no_points_at_all_are_still_a_figure() -> None:
    assert read([])[1] == []


def test_points_say_what_they_are() -> None:
    spec, rows, _ = read([Named("gin", 10.0, 0.7, 0.1, "fgp"), Named("mlp", 1.0, 0.5, series="supervised")])
    assert {key: rows[0][key] for key in ("name", "x", "y", "low", "high", "series")} == {
        "name": "gin", "x": 10.0, "y": 0.7, "low": pytest.approx(0.6), "high": pytest.approx(0.8), "series": "fgp",
    }  # fmt: skip
    whiskers, dots, texts = (layer["encoding"] for layer in spec["layer"])
    assert (whiskers["y"]["field"], whiskers["y2"]["field"]) == ("low", "high")
    assert (dots["x"]["title"], dots["y"]["title"]) == ("µs", "tau")
    assert dots["x"]["scale"]["type"] == "log"
    assert dots["color"]["scale"]["domain"] == ["fgp", "supervised"]
    assert texts["text"]["field"] == "name"
    assert "color" not in read([Named("gin", 10.0, 0.7)])[0]["layer"][1]["encoding"]


@settings(max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=25))
def test_every_point_has_its_name_inside_the_plot(points: list[Named]) -> None:
    _, rows, places = read(points)
    assert sorted(row["name"] for row in rows) == sorted(point.name for point in points)
    assert all(x >= -1 and x + width <= WIDTH + 1 for x, _, width in places)


def test_names_of_close_points_do_not_overlap() -> None:
    _, _, places = read([Named(f"encoder_{i}", 10.0 + i / 10, 0.7 + i / 1000) for i in range(5)])
    for i, (x, y, width) in enumerate(places):
        for other_x, other_y, other_width in places[i + 1 :]:
            assert abs(y - other_y) >= 10.9 or x + width <= other_x or other_x + other_width <= x
