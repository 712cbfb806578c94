"""Tables of the page."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("dash", reason="needs the extra `explore`")

from archflow.explore import tables
from archflow.explore.judging import Judgement, explained

NAN = float("nan")


def cells_of(table):
    return [[cell.children for cell in line.children] for line in table.children[2].children]


def test_the_selection_begins_with_the_best_in_the_colour(seen):
    lines = cells_of(tables.selection(seen, np.arange(60), "params"))
    rows = [line[0].id["row"] for line in lines]
    assert len(rows) == tables.LISTED
    assert (np.diff(seen.values("params")[rows]) >= 0).all()  # low is good
    assert all(line[-1] == seen.table.called(row) for line, row in zip(lines, rows, strict=True))
    devices = cells_of(tables.selection(seen, np.array([0, 1]), "device"))
    assert [line[1] for line in devices] == ["phone", "laptop"]


def test_judgements_are_numbers_and_bars(seen):
    found = tables.judgements(seen, [Judgement("accuracy", NAN, 60.0, 2.0, 57.0, 63.0, 58.0)])
    ((metric, measured, predicted, (ends, bar), change),) = cells_of(found.children)
    assert (metric, measured, predicted) == ("accuracy", "not measured", "60.0 ± 2.0")
    assert (ends, change) == ("57 to 63", "+2")
    assert [mark.className for mark in bar.children] == ["interval", "before", "predicted"]
    left = [float(mark.style["left"].rstrip("%")) for mark in bar.children]
    assert 0 <= left[0] < left[1] < left[2] <= 100
    few = tables.judgements(seen, [Judgement("accuracy", 59.0, 60.0, NAN, NAN, NAN, NAN)])
    ((_, measured, _, (ends, bar), change),) = cells_of(few.children)
    assert (measured, ends, change) == ("59", "too few labels", "")
    assert [mark.className for mark in bar.children] == ["predicted", "measured"]
    assert "--predictor" in tables.judgements(replace(seen, predictors=()), []).children


def test_attributions_have_a_line_for_each_node(seen):
    why = explained(seen, seen.table.architectures[2], 2, "accuracy")
    predicted, best, table = tables.attributions(why)
    assert predicted.children.startswith("predicted accuracy: ")
    assert why.changes[0].text in best.children
    lines = cells_of(table.children)
    assert [line[0] for line in lines] == [f"{node} {op}" for node, op in enumerate(why.ops)]
