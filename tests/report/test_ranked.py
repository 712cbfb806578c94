from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("altair", reason="the extra report is not installed")

from archflow.report import ranked as ranked_module
from archflow.report.maps import MAX_POINTS
from archflow.report.ranked import (
    BEST,
    FITTED,
    OTHER,
    Ranked,
    map_figure,
    place_figure,
    places_among,
    ranked_rows,
    score_figure,
)
from archflow.report.vega import specification
from tests.report.test_ranking import CELL

NONE = np.empty(0, np.int64)


def some(count: int = 30, **given: Any) -> Ranked:
    """Architectures of which the last is predicted best, the first are fitted on, and one is not measured."""
    measured = np.arange(float(count))
    measured[1] = np.nan
    parts = {
        "predicted": np.arange(float(count)),
        "measured": measured,
        "fitted": np.arange(count) < 3,
        "best": np.array([count - 1, count - 2]),
        "metric": "accuracy",
        "architectures": [CELL] * count,
    }
    return Ranked(**parts | given)


def test_a_row_says_what_its_point_shows() -> None:
    rows = ranked_rows(some(), np.stack([np.arange(30.0), np.zeros(30)], 1))
    assert [row["kind"] for row in rows] == [OTHER] * 25 + [FITTED] * 3 + [BEST] * 2
    best = next(row for row in rows if row["predicted"] == 29)
    assert (best["predicted_place"], best["measured_place"], best["x"], best["y"]) == (1, 1, 29, 0)
    shown = best["shown"]
    assert list(shown) == ["image", "rank", "predicted", "measured", "architecture"]
    assert (shown["rank"], shown["predicted"], shown["measured"]) == ("1", "29", "29 (place 1 of 29)")
    assert shown["image"].startswith("data:image/svg+xml,")
    assert "<" not in shown["image"]
    assert shown["architecture"].startswith("input · conv · </script>")


def test_what_is_not_known_is_not_shown() -> None:
    missing = next(row for row in ranked_rows(some()) if row["predicted"] == 1)
    assert (missing["measured"], missing["measured_place"], missing["predicted_place"]) == (None, None, None)
    assert "measured" not in missing["shown"]
    assert "x" not in missing
    bare = ranked_rows(some(measured=None, architectures=None, best=NONE))
    assert all(set(row["shown"]) == {"rank", "predicted"} for row in bare)
    native = ranked_rows(some(architectures=None, native=[f"|{i}|" for i in range(30)]))
    assert {row["shown"]["architecture"] for row in native} == {f"|{i}|" for i in range(30)}


def test_of_very_many_the_important_ones_are_kept() -> None:
    count = 4 * MAX_POINTS
    fitted = np.zeros(count, bool)
    fitted[::97] = True
    rows = ranked_rows(some(count, fitted=fitted, architectures=None))
    assert len(rows) == MAX_POINTS
    predicted = {row["predicted"] for row in rows}
    assert set(range(count - ranked_module.DRAWN_BEST, count)) <= predicted
    assert set(np.flatnonzero(fitted).tolist()) <= predicted
    others = sorted(row["predicted"] for row in rows if row["kind"] == OTHER)
    assert np.diff(others).max() < 20


def test_drawings_stop_where_there_is_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    full = [row["shown"]["image"] for row in ranked_rows(some())]
    assert len(full) == 30
    monkeypatch.setattr(ranked_module, "DRAWINGS_BYTES", 10 * len(full[0]))
    rows = ranked_rows(some())
    drawn = [row for row in rows if "image" in row["shown"]]
    assert sorted(row["predicted"] for row in drawn) == list(range(20, 30))


def test_long_architectures_are_cut() -> None:
    rows = ranked_rows(some(architectures=None, native=["x" * 10_000] * 30))
    assert {len(row["shown"]["architecture"]) for row in rows} == {ranked_module.TEXT_LENGTH}


def test_figures_encode_the_rows() -> None:
    rows = ranked_rows(some(), np.zeros((30, 2)))
    scores = specification(score_figure(rows, "accuracy (%)"))
    encoding = scores["encoding"]
    assert (encoding["x"]["field"], encoding["y"]["field"]) == ("predicted", "measured")
    assert (encoding["x"]["title"], encoding["y"]["title"]) == ("predicted score", "accuracy (%)")
    assert encoding["tooltip"] == {"field": "shown", "type": "nominal"}
    assert encoding["color"]["legend"]["values"] == [OTHER, FITTED, BEST]
    diagonal, points = specification(place_figure(rows, 29))["layer"]
    assert diagonal["mark"]["strokeDash"] == [5, 4]
    assert points["encoding"]["x"]["scale"]["type"] == points["encoding"]["y"]["scale"]["type"] == "log"
    assert (points["encoding"]["x"]["field"], points["encoding"]["y"]["field"]) == (
        "predicted_place",
        "measured_place",
    )
    coloured, plain = (
        specification(map_figure(rows, x_title="a", y_title="b", coloured=coloured))["encoding"]
        for coloured in (True, False)
    )
    assert coloured["color"]["condition"]["scale"]["type"] == "quantile"
    assert "color" not in plain
    assert (coloured["x"]["title"], coloured["tooltip"]["field"]) == ("a", "shown")


def test_places_share_the_best_on_ties() -> None:
    values = np.array([3.0, 5.0, 5.0, 1.0])
    assert places_among(values, values).tolist() == [3, 1, 1, 4]
    assert int(places_among(9.0, values)) == 1


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=40))
def test_every_architecture_is_one_row(values: list[float]) -> None:
    count = len(values)
    scores = np.array(values)
    rows = ranked_rows(Ranked(scores, scores[::-1].copy(), np.zeros(count, bool), NONE, "m"))
    assert len(rows) == count
    assert sum(row["predicted"] is None for row in rows) == int(np.isnan(scores).sum())
