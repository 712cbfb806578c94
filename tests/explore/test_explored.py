"""What is explored: columns, directions, the map."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.explore.explored import MAP, explored
from archflow.graph.table import Table


def test_predictions_are_columns(seen):
    assert seen.numbers[:4] == ["predicted_accuracy", "accuracy", "low_accuracy", "high_accuracy"]
    assert {"params", "predicted_std_accuracy"} <= set(seen.numbers)
    assert seen.categories == {"device": ["laptop", "phone"]}
    assert (seen.values("low_accuracy") < seen.values("high_accuracy")).all()
    assert seen.sign("predicted_accuracy") == 1
    assert seen.sign("params") == seen.sign("rank_accuracy") == -1


def test_the_map_does_not_depend_on_the_order_of_rows(cells, seen):
    order = np.random.default_rng(0).permutation(60)
    again = explored("again", cells.select(order))
    np.testing.assert_allclose(again.places, seen.places[order], atol=1e-4)
    assert seen.places.dtype == np.float32
    assert 0 < seen.shares[1] <= seen.shares[0] < 1
    np.testing.assert_array_equal(seen.values(MAP[1]), seen.places[:, 1])


def test_embeddings_place_architectures(cells):
    along = np.arange(60.0)
    placed = explored("x", cells, vectors=np.stack([along, np.zeros(60)], 1)).places
    np.testing.assert_allclose(placed[:, 0], along - along.mean(), atol=1e-4)
    same = explored("x", Table(cells.architectures.select([3, 3, 3])))
    assert not same.places.any()


def test_two_predictors_of_one_metric_are_refused(cells, predictor):
    with pytest.raises(ArchflowError, match="two of them predict accuracy"):
        explored("x", cells, [predictor, predictor])
    with pytest.raises(ArchflowError, match="predicted_accuracy"):
        explored("x", cells.with_metrics({"predicted_accuracy": np.zeros(60)}), [predictor])


def test_too_few_labels_for_intervals_leave_them_out(cells, predictor):
    found = explored("x", cells, [predictor], coverage=0.999)
    assert "low_accuracy" not in found.numbers
    assert "predicted_accuracy" in found.numbers
