import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.folds import Folds


def study(labels, coverage, seed, few=True):
    """The share of 400 new labels that intervals around noisy ridge predictions hold."""
    rng = np.random.default_rng(seed)
    slope = rng.normal(size=5)
    x, new = rng.normal(size=(labels, 5)), rng.normal(size=(400, 5))
    y, truth = (z @ slope + rng.standard_t(3, size=len(z)) for z in (x, new))
    folds = Folds.of(labels, seed)
    models = np.stack([np.linalg.solve(x[t].T @ x[t] + np.eye(5), x[t].T @ y[t]) for t in folds.train])
    conformal = CrossConformal.of(y - models @ x.T, np.ones((len(folds), labels)), folds.tested)
    low, high = conformal.interval(models @ new.T, np.ones(400), coverage)
    return np.mean((low <= truth) & (truth <= high))


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("labels", [30, 120])
def test_intervals_hold_what_they_promise(labels, coverage):
    held = np.mean([study(labels, coverage, seed) for seed in range(40)])
    assert abs(held - coverage) < 0.035


def test_an_oracle_has_intervals_of_no_width_and_doubled_deviations_double_them():
    folds = Folds.of(30, 0)
    conformal = CrossConformal.of(np.zeros((10, 30)), np.ones((10, 30)), folds.tested)
    low, high = conformal.interval(np.full((10, 2), 7.0), np.ones(2), 0.9)
    np.testing.assert_array_equal([low, high], np.full((2, 2), 7.0))
    conformal = CrossConformal.of(np.ones((10, 30)), np.ones((10, 30)), folds.tested)
    low, high = conformal.interval(np.zeros((10, 2)), np.array([1.0, 2.0]), 0.9)
    np.testing.assert_allclose(high - low, [2.0, 4.0])


def test_thirty_labels_promise_95_percent_and_no_more_than_they_can():
    conformal = CrossConformal.of(np.ones((10, 30)), np.ones((10, 30)), Folds.of(30, 0).tested)
    conformal.interval(np.zeros((10, 1)), np.ones(1), 0.95)
    with pytest.raises(ArchflowError, match=r"more than 30 labels; the most that these promise is 0\.968"):
        conformal.interval(np.zeros((10, 1)), np.ones(1), 0.99)
    with pytest.raises(ArchflowError, match="give a fraction between 0 and 1"):
        conformal.interval(np.zeros((10, 1)), np.ones(1), 1.0)


def test_architectures_are_taken_in_parts(monkeypatch):
    folds, rng = Folds.of(70, 0), np.random.default_rng(0)
    conformal = CrossConformal.of(rng.normal(size=(10, 70)), np.ones((10, 70)), folds.tested)
    means, deviations = rng.normal(size=(10, 33)), rng.uniform(1, 2, 33)
    whole = conformal.interval(means, deviations, 0.8)
    monkeypatch.setattr("archflow.predict.cross_conformal.ENTRIES", 1000)
    np.testing.assert_array_equal(conformal.interval(means, deviations, 0.8), whole)


def test_damaged_calibrations_are_refused():
    for models in ([0.5, 1.0], [0.0, 9.0], [-1.0, 0.0], [0.0]):
        with pytest.raises(ArchflowError, match="calibration"):
            CrossConformal.restored(np.ones(2), np.array(models), 2, 5)


def test_with_one_model_intervals_are_those_of_split_conformal_prediction():
    rng = np.random.default_rng(1)
    errors = rng.standard_t(3, size=30)
    conformal = CrossConformal.of(errors[None], np.ones((1, 30)), np.ones((1, 30), bool))
    low, high = conformal.interval(np.array([[2.0, 5.0]]), np.ones(2), 0.8)
    reach = np.sort(np.abs(errors))[24]  # the 25th of 30: (30 + 1) * 0.8 = 24.8
    np.testing.assert_allclose([low, high], [[2 - reach, 5 - reach], [2 + reach, 5 + reach]])


def test_without_labels_no_interval_is_promised():
    with pytest.raises(ArchflowError, match="more than 0 labels"):
        CrossConformal.restored(np.zeros(0), np.zeros(0), 0, 1).interval(np.zeros((1, 3)), np.ones(3), 0.5)
