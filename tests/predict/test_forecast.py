"""What a stack says of architectures, computed once."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.folds import Folds
from archflow.predict.forecast import Forecast
from archflow.predict.objectives import Hinge
from archflow.predict.target_scale import TargetScale


def forecast_of(labels, metric="", lower=False) -> tuple[Forecast, np.ndarray]:
    """A forecast of the labels themselves and of what lies beyond both ends, by predictions that are a little off."""
    rng, folds = np.random.default_rng(0), Folds.of(len(labels), 0)
    scale, targets = TargetScale.of(Hinge(lower_is_better=lower), labels, metric)
    shape = (len(folds), len(labels))
    conformal = CrossConformal.of(rng.normal(0, 0.3, shape), np.ones(shape), folds.tested)
    shown = np.concatenate([targets, [targets.min() - 2, targets.max() + 2]])
    means = shown + rng.normal(0, 0.01, (len(folds), len(shown)))
    return Forecast(means, np.ones(len(shown)), conformal, scale), targets


@pytest.mark.parametrize(
    ("labels", "metric", "most"),
    [
        (np.arange(40) % 2.0, "success", 1.0),
        (np.linspace(20, 99, 40), "accuracy", 100.0),
        (np.linspace(0.2, 0.99, 40), "val_acc", 1.0),
    ],
)
def test_nothing_lies_where_no_value_can_be(labels, metric, most):
    forecast, _ = forecast_of(labels, metric)
    low, high = forecast.interval(0.9)
    mean, _ = forecast.prediction
    assert low.min() >= 0
    assert high.max() == most
    assert (low <= mean).all()
    assert (mean <= high).all()
    assert len(np.unique(forecast.order)) == len(mean), "their order is not rounded away"


def test_without_a_bound_an_interval_reaches_as_far_as_it_takes():
    forecast, _ = forecast_of(np.linspace(20, 99, 40), "score")
    assert forecast.interval(0.9)[1].max() > 105


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_outlier_at_one_end_does_not_widen_the_other(sign):
    labels = np.linspace(-50, 50, 40)
    spoilt = labels.copy()
    spoilt[(sign * labels).argmax()] = sign * 1e6
    (plain, _), (odd, _) = forecast_of(labels), forecast_of(spoilt)
    others = np.flatnonzero(sign * plain.mean < 0)
    found, expected = ((*each.prediction, *each.interval(0.8)) for each in (odd, plain))
    for own, usual in zip(found, expected, strict=True):
        np.testing.assert_allclose(own[others], usual[others], rtol=0.05, atol=1)
    assert (sign * odd.prediction.mean).max() > 1e6, "and it is learnt itself"


def test_a_part_of_it_is_a_forecast():
    forecast, _ = forecast_of(np.arange(40.0))
    some = np.array([3, 1, 41])
    for whole, part in (
        (forecast.prediction, forecast.select(some).prediction),
        (forecast.interval(0.5), forecast.select(some).interval(0.5)),
    ):
        np.testing.assert_allclose([each[some] for each in whole], part, rtol=1e-12)


def test_low_values_that_are_good_fall_with_the_order():
    forecast, _ = forecast_of(np.arange(40.0), lower=True)
    assert np.corrcoef(forecast.order, forecast.prediction.mean)[0, 1] > 0.9
    assert forecast.top_probability(5, 0)[forecast.prediction.mean.argmin()] > 0.5


def test_no_number_of_best_ones_is_refused():
    forecast, _ = forecast_of(np.arange(40.0))
    with pytest.raises(ArchflowError, match="top_probability: k"):
        forecast.top_probability(0, 0)
