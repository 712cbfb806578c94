"""The figure of the map."""

import base64

import numpy as np
import pytest

from archflow.explore.explored import MAP
from archflow.explore.figures import UNKNOWN, map_figure, marks, packed


def unpacked(given):
    return np.frombuffer(base64.b64decode(given["bdata"]), given["dtype"])


def test_arrays_are_bytes():
    for values in (np.arange(3, dtype=np.float32), np.arange(3, dtype=np.uint8), np.arange(3, dtype=np.int32)):
        np.testing.assert_array_equal(unpacked(packed(values)), values)
        assert packed(values)["dtype"] == values.dtype.str[1:]


def test_points_are_coloured_by_rank(seen):
    figure = map_figure(seen, np.arange(60), "accuracy")
    points = figure["data"][0]
    levels, accuracy = unpacked(points["marker"]["color"]), seen.values("accuracy")
    assert levels.dtype == np.uint8
    assert (levels[40:] == 0).all()  # not measured
    order = np.argsort(accuracy[:40])
    assert (np.diff(levels[:40][order].astype(int)) >= 0).all()
    assert levels[:40].max() == 255 or levels[:40].max() > 245
    assert points["marker"]["colorscale"][0][1] == UNKNOWN
    assert float(points["marker"]["colorbar"]["ticktext"][-1]) == pytest.approx(np.nanmax(accuracy), rel=1e-3)
    np.testing.assert_array_equal(unpacked(points["x"]), seen.places[:, 0])
    assert "customdata" not in points
    assert seen.table.called(0)[:20] in points["text"][0]


def test_categories_have_a_colour_each(seen):
    marker = map_figure(seen, np.arange(60), "device")["data"][0]["marker"]
    levels = unpacked(marker["color"]).astype(float)
    assert len(set(levels)) == 2
    scale = np.array([place for place, _ in marker["colorscale"]])
    place = (levels - marker["cmin"]) / (marker["cmax"] - marker["cmin"])
    shades = {marker["colorscale"][int(np.searchsorted(scale, each, "right") - 1)][1] for each in set(place)}
    assert len(shades) == 2
    assert UNKNOWN not in shades
    assert marker["colorbar"]["ticktext"] == ["laptop", "phone"]


def test_filtered_points_know_their_rows(seen):
    rows = np.array([3, 8, 50])
    points = map_figure(seen, rows, None, ("params", "accuracy"))["data"][0]
    np.testing.assert_array_equal(unpacked(points["customdata"]), rows)
    np.testing.assert_allclose(unpacked(points["x"]), seen.values("params")[rows], rtol=1e-6)
    assert points["marker"]["showscale"] is False


def test_marks(seen):
    near, front, current = marks(seen, MAP, np.array([1, 2]), np.array([5, 3]), 7)
    assert unpacked(near["x"]).tolist() == seen.places[[1, 2], 0].tolist()
    assert sorted(unpacked(front["x"]).tolist()) == unpacked(front["x"]).tolist()
    assert unpacked(current["y"]).tolist() == [seen.places[7, 1]]
    assert all(each["hoverinfo"] == "skip" for each in (near, front, current))  # clicks reach the points
    assert not len(unpacked(marks(seen, MAP, np.array([], int), np.array([], int), None)[2]["x"]))


def test_many_points_have_short_labels(seen, monkeypatch):
    monkeypatch.setattr("archflow.explore.figures.TEXTS", 10)
    points = map_figure(seen, np.arange(60), "accuracy")["data"][0]
    assert "text" not in points
    assert points["hovertemplate"] == "row %{pointNumber}<extra></extra>"
