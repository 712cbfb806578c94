"""Predictions, intervals and attributions of one architecture."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.explore.edits import edited
from archflow.explore.explored import explored
from archflow.explore.judging import additions, alternatives, explained, judged, known_row, usual_attributes
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table

NAN = float("nan")


def test_a_row_is_judged_as_in_the_table(seen):
    (found,) = judged(seen, seen.table.architectures[3], 3)
    for value, column in (
        (found.predicted, "predicted_accuracy"),
        (found.low, "low_accuracy"),
        (found.measured, "accuracy"),
    ):
        assert value == pytest.approx(seen.values(column)[3])
    assert np.isnan(found.before)


def test_an_edit_moves_the_prediction(seen, predictor):
    cell = seen.table.architectures[3]
    inner = next(node for node, op in enumerate(cell.ops) if op not in ("input", "output", "none"))
    after = edited(cell, {"kind": "operation", "node": inner, "op": "none"}, seen.space)
    (found,) = judged(seen, after, 3)
    assert found.predicted == pytest.approx(predictor.predict([after]).mean[0])
    assert found.before == pytest.approx(seen.values("predicted_accuracy")[3])
    assert found.low < found.predicted < found.high
    assert np.isnan(found.measured) == (known_row(seen, after) is None)


def test_an_edit_to_a_row_of_the_table_has_its_measurement(seen):
    other = seen.table.architectures[4]
    (found,) = judged(seen, other, 3)
    assert found.measured == pytest.approx(seen.values("accuracy")[4])
    assert known_row(seen, other) == 4


def test_alternatives_are_those_of_the_space(seen):
    cell = seen.table.architectures[0]
    assert alternatives(seen, cell, 0) == ["input"]
    assert set(alternatives(seen, cell, 1)) <= set(seen.space.vocabulary.ops) - {"input", "output"}
    assert len(alternatives(seen, cell, 1)) > 2


def test_a_new_node_is_like_those_of_the_table(seen):
    assert set(additions(seen)) == set(seen.space.vocabulary.ops) - {"input", "output"}
    assert additions(replace(seen, predictors=())) == additions(seen)
    assert usual_attributes(seen, "none") == {}
    wide = [
        Architecture(("input", "conv", "output"), ((0, 1), (1, 2)), {"width": [NAN, width, NAN], "odd": odd})
        for width, odd in ((8, [NAN, 1, NAN]), (32, [NAN] * 3), (16, [NAN] * 3))
    ]
    some = explored("wide", Table(ArchitectureSet.from_architectures(wide)))
    assert usual_attributes(some, "conv") == {"width": 16.0}
    assert usual_attributes(some, "input") == usual_attributes(some, "pool") == {}
    assert additions(some) == ["conv"]


def test_attributions(seen):
    cell = seen.table.architectures[3]
    found = explained(seen, cell, 3, "accuracy")
    assert len(found.attributions["counterfactual"].nodes) == len(cell.ops)
    assert found.valid == "neighbours in nasbench201"
    beyond = edited(cell, {"kind": "connect", "source": 0, "target": len(cell.ops) - 1})
    assert explained(seen, beyond, 3, "accuracy").valid == "any structurally valid graph"
    with pytest.raises(ArchflowError, match="no predictor of params"):
        explained(seen, cell, 3, "params")


def test_without_a_predictor_or_intervals(seen, cells, predictor):
    cell = cells.architectures[0]
    assert judged(replace(seen, predictors=()), cell, 0) == []
    (found,) = judged(explored("x", cells, [predictor], coverage=0.999), cell, 0)
    assert np.isnan([found.low, found.high]).all()
