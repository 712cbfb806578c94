from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.report.figures import Bars, Strip, axis, bars, curves, significant, strips
from archflow.report.vega import specification

ODD = [[], [0.5], [2.0, 2.0, 2.0], [np.nan, 1.0, np.inf, 3.0], [np.nan] * 3, [-1e100, 0.0, 1e100], [0.0, -1.0, 1e-300]]


def rows(spec: dict[str, Any], layer: int | None = None) -> list[dict[str, Any]]:
    held = spec if layer is None or "data" in spec else spec["layer"][layer]
    return spec["datasets"][held["data"]["name"]]


@pytest.mark.parametrize("data", ODD, ids=str)
@pytest.mark.parametrize("log", [False, True])
def test_what_cannot_be_drawn_is_left_out(data: list[float], log: bool) -> None:
    index = np.arange(len(data)) + 1.0
    spec = specification(curves({"a": (index, data)}, x_title="x", y_title="y", log_x=log, log_y=log))
    known = int((np.isfinite(data) & (np.asarray(data) > 0 if log else True)).sum())
    assert len(rows(spec)) == known
    shown = bars([f"c{i}" for i in index], [Bars("a", data, np.abs(data)), Bars("b", data)], y_title="y")
    assert len(rows(specification(shown))) == 2 * int(np.isfinite(data).sum())
    drawn = specification(strips([Strip("a", data, 0.5), Strip("b", [], np.nan)], x_title="x"))
    assert len(rows(drawn, 0)) == int(np.isfinite(data).sum())


def test_curves_say_what_they_are() -> None:
    series = {"fgp": ([1, 10], [0.5, 1.0]), "chance": ([1, 10], [0.1, 1.0])}
    spec = specification(
        curves(series, x_title="k", y_title="p@k", names=["other", "fgp"], dashed="chance", log_x=True, y_domain=(0, 1))
    )
    assert rows(spec)[0] == {"name": "fgp", "x": 1.0, "y": 0.5}
    encoding = spec["encoding"]
    assert (encoding["x"]["title"], encoding["y"]["title"]) == ("k", "p@k")
    assert encoding["x"]["scale"]["type"] == "log"
    assert encoding["y"]["scale"]["domain"] == [0, 1]
    # A name keeps its colour in another figure: the domain holds all names, the legend those that are drawn.
    assert encoding["color"]["scale"]["domain"] == ["other", "fgp", "chance"]
    assert encoding["color"]["legend"]["values"] == ["fgp", "chance"]
    (dashed,) = encoding["strokeDash"]["condition"]
    assert dashed == {"test": {"field": "name", "equal": "chance"}, "value": [5, 4]}


def test_a_curve_of_one_point_is_a_dot() -> None:
    alone = specification(curves({"a": ([1], [2])}, x_title="x", y_title="y"))
    assert alone["mark"]["point"]["opacity"] == 1
    two = specification(curves({"a": ([1, 2], [2, 3])}, x_title="x", y_title="y"))
    assert two["mark"]["point"]["opacity"] == 0


def test_there_is_no_epoch_between_two() -> None:
    whole = specification(curves({"a": ([1, 2], [2, 3])}, x_title="x", y_title="y"))
    assert whole["encoding"]["x"]["axis"]["tickMinStep"] == 1
    halves = specification(curves({"a": ([1, 1.5], [2, 3])}, x_title="x", y_title="y"))
    assert "tickMinStep" not in halves["encoding"]["x"].get("axis", {})


def test_bars_have_whiskers_where_an_error_is_known() -> None:
    plain = specification(bars(["one", "two"], [Bars("a", [0.5, np.nan]), Bars("b", [-0.25, 1.0])], y_title="y"))
    assert [row["value"] for row in rows(plain)] == [0.5, -0.25, 1.0]
    assert len(plain["layer"]) == 1
    spec = specification(bars(["one", "two"], [Bars("a", [0.5, 1.0], [0.1, np.nan])], y_title="share"))
    first, second = rows(spec)
    assert (first["low"], first["high"]) == (0.4, 0.6)
    assert second["error"] == 0
    drawn, whiskers = spec["layer"]
    assert drawn["encoding"]["y"] == {"field": "value", "title": "share", "type": "quantitative", "stack": None}
    assert (whiskers["encoding"]["y"]["field"], whiskers["encoding"]["y2"]["field"]) == ("low", "high")
    assert drawn["encoding"]["x"]["sort"] == ["one", "two"]


def test_strips_hold_every_run_mean_and_reference() -> None:
    spec = specification(strips([Strip("plain", [0.1, 0.2, np.nan, 0.3], 0.25), Strip("other", [0.4])], x_title="tau"))
    assert [(row["name"], row["value"]) for row in rows(spec, 0)] == [
        ("plain", 0.1), ("plain", 0.2), ("plain", 0.3), ("other", 0.4),
    ]  # fmt: skip
    plain, other = rows(spec, 1)
    assert plain["mean"] == pytest.approx(0.2)
    assert plain["std"] == pytest.approx(0.0816, abs=1e-4)
    assert plain["reference"] == 0.25
    assert (other["std"], other["reference"], other["runs"]) == (0, None, 1)
    assert spec["title"] == "dots: runs; line: mean ± standard deviation; ring: published"
    assert spec["layer"][0]["encoding"]["x"]["title"] == "tau"
    without = specification(strips([Strip("plain", [0.1])], x_title="tau"))
    assert "published" not in str(without)
    assert len(without["layer"]) == 3


@given(st.floats(1e-12, 1e12), st.floats(1, 1e9))
def test_logarithmic_ticks_are_round_and_inside(low: float, ratio: float) -> None:
    ticks = axis([low, low * ratio], True).to_dict().get("values", [])
    assert all(low <= tick <= low * ratio for tick in ticks)
    assert len(ticks) <= 24
    assert all(f"{tick:e}"[0] in "125" for tick in ticks)
    assert ratio < 10 or ticks


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_six_digits_are_kept(value: float) -> None:
    kept = significant(value)
    assert (kept is None) == (not np.isfinite(value))
    assert kept is None or kept == pytest.approx(value, rel=1e-5, abs=1e-300)
