"""Names beside dots: all there, inside the drawing, and apart as far as there is room."""

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.report.labelled_scatter import Named, labelled_scatter
from archflow.report.svg import text_width

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text("abcdefghij_", min_size=1, max_size=14)
POINTS = st.builds(Named, NAMES, st.floats(1, 1e4), st.floats(-1, 1), st.floats(0, 0.2), st.integers(0, 3))


@pytest.mark.parametrize("x", [np.nan, np.inf, 0.0, -1.0])
def test_what_cannot_be_drawn_is_left_out(parsed: Callable[[str], Element], x: float) -> None:
    svg = labelled_scatter([Named("there", 1.0, 0.5), Named("not", x, 0.5)], x_label="x", y_label="y", log_x=True)
    assert len(list(parsed(svg).iter(f"{SVG}circle"))) == 1
    assert ">there</text>" in svg
    assert ">not</text>" not in svg


def test_no_points_at_all_are_still_a_drawing(parsed: Callable[[str], Element]) -> None:
    assert parsed(labelled_scatter([], x_label="x", y_label="y", log_x=True)).tag == f"{SVG}svg"


@settings(deadline=None, max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=25))
def test_every_point_has_its_name_inside_the_drawing(points: list[Named]) -> None:
    svg = labelled_scatter(points, x_label="", y_label="", log_x=True, width=760)
    boxes = [
        (float(x), text_width(name, 11.0), name)
        for x, name in re.findall(r'<text x="(-?[\d.]+)" y="-?[\d.]+" class="tick">(.*?)</text>', svg)
    ]
    assert sorted(name for *_, name in boxes) == sorted(point.name for point in points)
    assert all(x >= 0 and x + width <= 760 + 1 for x, width, _ in boxes)


def test_names_of_close_points_do_not_overlap() -> None:
    points = [Named(f"encoder_{i}", 10.0 + i / 10, 0.7 + i / 1000) for i in range(5)]
    svg = labelled_scatter(points, x_label="", y_label="", log_x=True)
    places = [
        (float(x), float(y), text_width(name, 11.0))
        for x, y, name in re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="tick">(encoder_\d)</text>', svg)
    ]
    assert len(places) == 5
    for i, (x, y, width) in enumerate(places):
        for other_x, other_y, other_width in places[i + 1 :]:
            assert abs(y - other_y) >= 10.9 or x + width <= other_x or other_x + other_width <= x
