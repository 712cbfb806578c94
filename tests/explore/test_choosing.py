"""Filters, regions, neighbours, fronts and files."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.explore.choosing import checked_row, chosen, filtered, front, inside, nearest, written
from archflow.explore.explored import MAP
from archflow.graph.table import read_table


def test_filters(seen):
    accuracy = seen.values("accuracy")
    middle = float(np.nanmedian(accuracy))
    assert len(filtered(seen, None)) == 60
    high = filtered(seen, {"column": "accuracy", "low": middle})
    np.testing.assert_array_equal(high, np.flatnonzero(accuracy >= middle))  # rows without a value keep no rule
    np.testing.assert_array_equal(filtered(seen, {"column": "device", "texts": ["laptop"]}), np.arange(1, 60, 2))
    named = filtered(seen, {"words": "|nor_conv_3x3~0|+"})
    assert 0 < len(named) < 60
    assert all("|nor_conv_3x3~0|+" in seen.table.called(row) for row in named.tolist())


def test_points_inside_a_polygon():
    x, y = np.meshgrid(np.arange(5.0), np.arange(5.0))
    arrow = inside(x.ravel(), y.ravel(), [-0.5, 4.5, 2.0], [-0.5, -0.5, 2.5])
    assert {*zip(x.ravel()[arrow], y.ravel()[arrow], strict=True)} == {
        *((across, 0.0) for across in range(5)),
        *((across, 1.0) for across in (1.0, 2.0, 3.0)),
        (2.0, 2.0),
    }
    # A polygon may be concave, and two corners are a rectangle.
    hook = inside([1.0, 3.0, 1.0], [1.0, 1.0, 3.0], [0, 4, 4, 2, 2, 0], [0, 0, 4, 4, 2, 2])
    assert hook.tolist() == [True, True, False]
    assert inside([1.0, 3.0], [1.0, 1.0], [2.0, 0.0], [0.0, 2.0]).tolist() == [True, False]


def test_a_region_of_the_map(seen):
    x, y = seen.places.T
    region = {"kind": "region", "axes": list(MAP), "x": [x.min(), 0.0], "y": [y.min(), y.max()]}
    np.testing.assert_array_equal(chosen(seen, region, None), np.flatnonzero(x <= 0))
    both = chosen(seen, region, {"column": "device", "texts": ["phone"]})
    np.testing.assert_array_equal(both, np.flatnonzero((x <= 0) & (np.arange(60) % 2 == 0)))


def test_neighbours_are_the_nearest(seen):
    found = nearest(seen, 5, 7)
    away = np.square(seen.vectors - seen.vectors[5]).sum(1)
    assert found[0] == 5
    assert len(found) == 8
    np.testing.assert_allclose(np.sort(away)[:8], away[found], rtol=1e-5)
    assert len(nearest(seen, 5, 1000)) == 60
    with pytest.raises(ArchflowError, match="numbered from 0 to 59"):
        nearest(seen, 60, 3)


def test_the_front(seen):
    rows = front(seen, ["accuracy", "params"])
    values = np.stack([seen.values("accuracy"), -seen.values("params")], 1)[:40]
    best = [row for row in range(40) if not ((values >= values[row]).all(1) & (values > values[row]).any(1)).any()]
    assert sorted(rows.tolist()) == best
    assert (np.diff(seen.values("accuracy")[rows]) <= 0).all()
    with pytest.raises(ArchflowError, match="choose the columns"):
        front(seen, [])


def test_files_of_a_selection(seen, tmp_path):
    rows = np.array([4, 2])
    for ending in (".parquet", ".csv", ".jsonl"):
        path = tmp_path / f"some{ending}"
        path.write_bytes(written(seen.table.select(rows), ending))
        table = read_table(path)
        assert table.native == [seen.table.called(4), seen.table.called(2)]
        assert table.texts("device") == ["phone", "phone"]
        np.testing.assert_allclose(table.metric("predicted_accuracy"), seen.values("predicted_accuracy")[rows])
    for given, message in ((rows[:0], "no architecture is selected"), (rows, "tables end in")):
        with pytest.raises(ArchflowError, match=message):
            written(seen.table.select(given), ".xlsx")


def test_rows_are_numbers(seen):
    assert checked_row(seen, 0) == 0
    for wrong in (-1, 60, 1.5, None, "1"):
        with pytest.raises(ArchflowError, match="there is none"):
            checked_row(seen, wrong)
