"""What a predictor of networks learns from: labels, gaps in them, columns of tables; and how it ranks."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import Hinge
from tests.predict.learnable import FINE, N, predictor, target


def test_several_metrics_with_missing_labels(architectures):
    y = np.stack([target(architectures), -architectures.depths.astype(float)], 1)
    mask = np.ones(y.shape, bool)
    mask[::3, 0] = mask[1::3, 1] = False
    mask[7] = False
    fits = []
    for hidden in (0.0, np.nan, 1e9):
        fitted = predictor(architectures, 2, settings=FineTuneSettings(epochs=30, learning_rate=3e-3))
        fitted.fit(architectures, np.where(mask, y, hidden), mask=mask, metrics=["accuracy", "speed"])
        fits.append(fitted.predict(architectures)[0])
    assert fitted.metrics == ["accuracy", "speed"]
    assert fits[0].shape == (len(architectures), 2)
    np.testing.assert_array_equal(fits[1], fits[0])  # what the mask hides is never looked at
    np.testing.assert_array_equal(fits[2], fits[0])
    for metric in range(2):
        assert kendalltau(fits[0][:, metric], y[:, metric]).statistic > 0.5


def holed(value: float, row: int = 4) -> np.ndarray:
    values = FINE.copy()
    values[row] = value
    return values


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (holed(np.nan), {}, "labels: row 4 is not a finite number; leave it out or mask it"),
        (holed(np.inf), {}, "labels: row 4 is not a finite number"),
        (np.ones(N), {}, r"labels: all 60 are equal \(1\); there is nothing to rank"),
        (FINE, {"mask": FINE == 3}, "labels: 1 measured; at least two"),
        (FINE, {"mask": FINE < 0}, "labels: 0 measured"),
        (FINE[:-1], {}, r"labels: \(59,\) does not fit 60 architectures"),
        (np.zeros((N, 2, 2)), {}, "does not fit 60 architectures"),
        (np.zeros((N, 0)), {}, "does not fit 60 architectures"),
        (["good"] * N, {}, "labels: not all of them are numbers"),
        ([[1.0], [1.0, 2.0]], {}, "rows differ in length"),
        (FINE, {"mask": [True]}, r"their mask has shape \(1,\), they have \(60,\)"),
        (np.stack([FINE, np.ones(N)], 1), {}, "all 60 are equal"),
        (FINE, {"metrics": ["a", "b"]}, "1 columns, but 2 names"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(architectures, y, options, message):
    unfitted = predictor(architectures)
    with pytest.raises(ArchflowError, match=message) as caught:
        unfitted.fit(architectures, y, **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(ArchflowError, match="call fit"):
        unfitted.predict(architectures)


def test_validation_labels_are_held_to_the_same(architectures):
    for held, message in (
        (holed(np.nan), "validation labels: row 4"),
        (np.ones(N), "validation labels: all 60 are equal"),
        (np.stack([FINE, FINE], 1), "validation labels: 2 metrics, the others 1"),
    ):
        with pytest.raises(ArchflowError, match=message):
            predictor(architectures).fit(architectures, FINE, validation=(architectures, held))


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_very_few_labels_are_used_all_of_them(architectures, count):
    few = architectures.select(np.arange(count))
    fitted = predictor(architectures)
    fitted.fit(few, np.arange(float(count)))
    assert np.isfinite(fitted.predict(architectures)[0]).all()


def test_nothing_to_predict_is_predicted(architectures):
    fitted = predictor(architectures, 2)
    fitted.fit(architectures, FINE)
    assert [part.shape for part in fitted.predict(architectures.select([]))] == [(0,), (0,)]
    assert fitted.embed(architectures.select([])).shape == (0, 24)


def test_several_metrics_are_ranked_in_columns_of_their_own(architectures):
    y = np.stack([FINE, 100 - FINE], 1)
    learner = predictor(architectures, 2, objective=[Hinge(), Hinge(lower_is_better=True)])
    table = Table(architectures, {"accuracy": FINE, "ms": 100 - FINE, "note": FINE}, [f"net {i}" for i in range(N)])
    learner.fit(table, metrics=["accuracy", "ms"])
    mean, std = learner.predict(table)
    ranked = learner.rank(table)
    added = ["predicted_accuracy", "predicted_std_accuracy", "rank_accuracy"]
    added += ["predicted_ms", "predicted_std_ms", "rank_ms"]
    assert list(ranked.metrics) == ["accuracy", "ms", "note", *added]
    assert ranked.native == table.native
    for place, name in enumerate(("accuracy", "ms")):
        np.testing.assert_array_equal(ranked.metrics[f"predicted_{name}"], mean[:, place])
        np.testing.assert_array_equal(ranked.metrics[f"predicted_std_{name}"], std[:, place])
    assert mean[ranked.metrics["rank_accuracy"].argmin(), 0] == mean[:, 0].max()
    assert mean[ranked.metrics["rank_ms"].argmin(), 1] == mean[:, 1].min()
    as_columns = predictor(architectures, 2, objective=[Hinge(), Hinge(lower_is_better=True)])
    as_columns.fit(architectures, y)
    np.testing.assert_array_equal(as_columns.predict(architectures)[0], mean)


def test_rows_of_a_table_without_any_label_are_left_out(architectures):
    gaps = np.where(FINE % 3 > 0, FINE, np.nan)
    learner = predictor(architectures)
    learner.fit(Table(architectures, {"accuracy": gaps}), metrics=["accuracy"])
    known = np.flatnonzero(FINE % 3 > 0)
    alone = predictor(architectures)
    alone.fit(architectures.select(known), FINE[known])
    np.testing.assert_array_equal(learner.predict(architectures), alone.predict(architectures))
    with pytest.raises(ArchflowError, match="labels: none are given; give y, or a table and the names of its columns"):
        predictor(architectures).fit(Table(architectures, {"accuracy": gaps}))


def test_architectures_alone_are_ranked_too(architectures):
    predictor = NetworkPredictor(create("gin", architectures, width=8), settings=FineTuneSettings(epochs=1))
    predictor.fit(architectures, architectures.edge_counts)
    of_set, of_table = predictor.rank(architectures), predictor.rank(Table(architectures, {"id": np.arange(60.0)}))
    assert list(of_set.metrics) == ["predicted_metric0", "predicted_std_metric0", "rank_metric0"]
    assert list(of_table.metrics) == ["id", *of_set.metrics]
    np.testing.assert_array_equal(of_set.metric("rank_metric0"), of_table.metric("rank_metric0"))


def test_a_sign_before_a_column_is_no_name_in_python(architectures):
    """It was learnt with its sign turned, as a metric of that name for which higher is better."""
    table = Table(architectures, {"latency": architectures.edge_counts.astype(float)})
    predictor = NetworkPredictor(create("gin", architectures, width=8), settings=FineTuneSettings(epochs=1))
    with pytest.raises(ArchflowError, match="name the column 'latency' and give an objective with lower_is_better"):
        predictor.fit(table, metrics=["-latency"])
