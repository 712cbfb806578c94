"""The contract of a predictor."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.predict import Predictor
from archflow.predict.base import ranking_columns
from archflow.seeding import seeded
from archflow.testing.comparison import sent


def check_predictor(factory: Callable[[], Predictor], architectures: ArchitectureSet, y: ArrayLike) -> None:
    """Check a predictor against its contract.

    Args:
        factory: Makes an unfitted predictor; its random draws are seeded here.
        architectures: At least 20, with at least three operations among them.
        y: (N,) finite labels.

    Raises:
        AssertionError: With the violated clause of the contract.
    """
    labels = np.asarray(y, np.float64)

    def fitted(**options) -> Predictor:
        with seeded(0):
            predictor = factory()
        assert isinstance(predictor, Predictor), "a predictor lacks a method of the protocol"
        predictor.fit(architectures, labels, **options)
        return predictor

    predictor = fitted(metrics=["quality"])
    assert list(predictor.metrics) == ["quality"], "a predictor knows the metrics that it was given"
    mean, std = predictor.predict(architectures)
    assert mean.shape == std.shape == (len(architectures),), f"predict gives {mean.shape}, not one value per row"
    assert np.isfinite(mean).all(), "a prediction is not finite"
    few = np.arange(len(architectures))[::-3]
    message = "a prediction does not depend on the other architectures"
    np.testing.assert_allclose(predictor.predict(architectures.select(few))[0], mean[few], 1e-4, 1e-4, err_msg=message)
    fitted(reference=architectures)
    again = fitted().predict(architectures)[0]
    np.testing.assert_array_equal(again, mean, "the same seed gives the same predictor")
    _check_intervals(predictor, architectures)
    _check_progress(predictor, architectures)
    _check_masks(factory, architectures, labels)
    _check_tables(predictor, factory, architectures, labels)
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(folder)
        loaded = type(predictor).load(folder)
    for how, other in (("loaded", loaded), *sent(predictor)):
        message = f"a predictor that is {how} predicts the same"
        np.testing.assert_array_equal(other.predict(architectures), (mean, std), message)
        assert list(other.metrics) == ["quality"], f"a predictor that is {how} knows its metrics"
    for how, other in sent(factory()):
        assert isinstance(other, Predictor), f"a predictor that is not fitted can be {how}"


def _check_intervals(predictor: Predictor, architectures: ArchitectureSet) -> None:
    mean, _ = predictor.predict(architectures)
    narrow, wide = (predictor.interval(architectures, coverage) for coverage in (0.3, 0.7))
    assert (wide[0] <= narrow[0]).all(), "a larger coverage does not narrow an interval"
    assert (narrow[1] <= wide[1]).all(), "a larger coverage does not narrow an interval"
    slack = 1e-6 * (1 + np.abs(mean))
    assert ((narrow[0] <= mean + slack) & (mean - slack <= narrow[1])).all(), "an interval holds the prediction"


def _check_progress(predictor: Predictor, architectures: ArchitectureSet) -> None:
    done: list[int] = []
    predictor.predict(architectures, done.append)
    assert sum(done) == len(architectures), f"predict reports {sum(done)} of {len(architectures)} architectures"


def _check_masks(factory: Callable[[], Predictor], architectures: ArchitectureSet, labels: np.ndarray) -> None:
    mask = np.arange(len(labels)) % 4 > 0
    found = []
    for hidden in (np.nan, 1e9):
        with seeded(0):
            predictor = factory()
        predictor.fit(architectures, np.where(mask, labels, hidden), mask=mask)
        found.append(predictor.predict(architectures)[0])
    np.testing.assert_array_equal(found[0], found[1], "a masked label has no effect")


def _check_tables(
    predictor: Predictor, factory: Callable[[], Predictor], architectures: ArchitectureSet, labels: np.ndarray
) -> None:
    table = Table(architectures, {"quality": labels, "other": labels + 1})
    with seeded(0):
        learner = factory()
    learner.fit(table, metrics=["quality"])
    mean = predictor.predict(architectures)[0]
    np.testing.assert_array_equal(
        learner.predict(table)[0], mean, "a table's column is learnt like an array of its values"
    )
    ranked = predictor.rank(table)
    predicted, _, rank = added = ranking_columns(predictor.metrics, 0)
    assert set(ranked.metrics) == {"quality", "other", *added}, "rank adds its columns"
    np.testing.assert_array_equal(ranked.metrics[predicted], mean, "rank gives the prediction")
    order = np.argsort(ranked.metrics[rank])
    best_first = predictor.objectives[0].sign * mean[order]
    assert (np.diff(best_first) <= 0).all(), "rank 1 is the best prediction"
