from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.report.maps import CELLS, MAX_POINTS, UNKNOWN, class_map, value_map
from archflow.report.vega import specification

TITLES = {"x_title": "first", "y_title": "second"}


def read(chart: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    spec = specification(chart)
    return spec, spec["datasets"][spec["data"]["name"]]


def test_few_points_are_drawn_one_by_one_the_best_on_top() -> None:
    spec, rows = read(value_map([0, 1, 2, np.nan], [3, 4, 5, 6], [9, np.nan, 7, 8], value_title="accuracy", **TITLES))
    assert rows == [{"x": 1, "y": 4, "value": None}, {"x": 2, "y": 5, "value": 7}, {"x": 0, "y": 3, "value": 9}]
    assert spec["mark"]["type"] == "circle"
    encoding = spec["encoding"]
    assert (encoding["x"]["title"], encoding["y"]["title"]) == ("first", "second")
    coloured = encoding["color"]["condition"]
    assert (coloured["field"], coloured["scale"]["type"], coloured["legend"]["title"]) == (
        "value",
        "quantile",
        "accuracy",
    )
    assert encoding["color"]["value"] == UNKNOWN


def test_many_points_become_cells_with_the_median() -> None:
    count = MAX_POINTS + 1
    x, y = np.zeros(count), np.zeros(count)
    x[-1] = y[-1] = 1.0
    values = np.append(np.arange(count - 1.0), np.nan)
    spec, rows = read(value_map(x, y, values, value_title="accuracy", **TITLES))
    assert spec["mark"]["type"] == "rect"
    assert [row["count"] for row in rows] == [count - 1, 1]
    assert [row["value"] for row in rows] == [np.median(values[:-1]), None]
    assert rows[0]["x"] == 0
    assert rows[1]["x2"] == 1
    assert rows[0]["x2"] == pytest.approx(1 / CELLS[0], rel=1e-4)
    assert spec["encoding"]["x2"]["field"] == "x2"


def test_classes_have_their_names_and_the_others_are_grey() -> None:
    spec, rows = read(class_map([0, 1, 2, np.nan], [0, 1, 2, 3], [0, 1, -1, 0], ["one", "two", "unused"], **TITLES))
    assert [row["kind"] for row in rows] == ["one", "two", "others"]
    colour = spec["encoding"]["color"]
    assert colour["scale"]["domain"] == ["one", "two", "unused", "others"]
    assert colour["scale"]["range"][-1] == UNKNOWN
    assert colour["legend"]["values"] == ["one", "two", "others"]


def test_a_cell_has_its_most_frequent_class() -> None:
    count = MAX_POINTS + 3
    kinds = np.full(count, 1)
    kinds[:1000] = 0
    kinds[1000:1100] = -1
    _, rows = read(class_map(np.ones(count), np.ones(count), kinds, ["a", "b"], **TITLES))
    assert [(row["kind"], row["count"]) for row in rows] == [("b", count)]


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_cells_count_every_point_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = MAX_POINTS + int(rng.integers(2, 100))
    x, y = rng.normal(size=(2, count)) ** 3
    x[0] = np.inf
    _, rows = read(value_map(x, y, x, value_title="v", **TITLES))
    assert sum(row["count"] for row in rows) == count - 1
    assert len({(row["x"], row["y"]) for row in rows}) == len(rows) <= CELLS[0] * CELLS[1]


def test_no_points_at_all_are_still_a_figure() -> None:
    assert read(value_map([], [], [], value_title="v", **TITLES))[1] == []
    assert read(class_map([], [], [], [], **TITLES))[1] == []
