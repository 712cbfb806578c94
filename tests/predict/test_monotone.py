import numpy as np
import pytest

from archflow.predict.monotone import KNOTS, monotone, quantile_knots, usual_extremes, within_reach


@pytest.mark.parametrize("values", [np.arange(50.0), np.array([1.0] * 40 + [2.0]), np.ones(9)])
def test_knots_rise_strictly(values):
    knots = quantile_knots(values)
    assert len(knots) == KNOTS
    assert (np.diff(knots) > 0).all()


def test_the_map_goes_through_the_knots_and_keeps_the_order_beyond_them():
    scores, labels = quantile_knots(np.arange(20.0)), quantile_knots(np.linspace(0, 1, 20) ** 2)
    np.testing.assert_allclose(monotone(scores, scores, labels), labels)
    wide = np.linspace(-100, 120, 500)
    assert (np.diff(monotone(wide, scores, labels)) > 0).all()
    slope = np.ptp(labels) / np.ptp(scores)
    assert monotone(scores[-1:] + 2, scores, labels) == pytest.approx(labels[-1] + 2 * slope)


@pytest.mark.parametrize(
    ("values", "extremes"),
    [
        (np.arange(40.0), (0, 39)),
        ([*np.arange(39.0), 1e10], (0, 38)),
        ([-1e10, *np.arange(38.0), 1e10], (0, 37)),
        ([*np.arange(38.0), 1e9, 1e10], (0, 37)),
        ([*np.arange(30.0), *(1e9 + np.arange(10.0))], (0, 1e9 + 9)),  # a quarter: another kind of architectures
        ([10.0, *np.linspace(60, 94, 39)], (10, 94)),
        ([0.0, 0.0, 1.0], (0, 1)),
        ([5.0], (5, 5)),
    ],
)
def test_few_that_are_far_from_all_others_are_outliers(values, extremes):
    assert usual_extremes(np.array(values)) == extremes


def test_an_outlier_at_one_end_leaves_the_other_as_it_is():
    scores, labels = np.arange(40.0), np.arange(40.0)
    spoilt = np.where(labels == 39, 1e9, labels)
    assert monotone(np.array([-3.0]), scores, spoilt) == pytest.approx(-3)
    assert monotone(np.array([42.0]), scores, spoilt) > 1e9
    low = within_reach(np.array([-3.0, -1e9]), 0, 1e9, usual=usual_extremes(spoilt), keep_sign=False)
    assert (low > -4).all()


def test_knots_of_labels_with_an_outlier_are_those_of_the_others():
    labels = np.append(np.arange(50.0, 90.0), 1e9)
    np.testing.assert_allclose(quantile_knots(labels)[:-1], np.quantile(labels, np.linspace(0, 0.9, 10)), rtol=1e-4)


def test_no_value_is_far_from_the_labels_and_none_changes_its_rank():
    values = np.array([-1e9, -5.0, 2.0, 5.0, 9.0, 12.0, 1e9])
    found = within_reach(values, 1.0, 11.0, overshoot=0.5)
    np.testing.assert_array_equal(found[2:5], values[2:5])
    assert (np.diff(found) > 0).all()
    assert found.min() > 0  # labels are all positive
    assert found.max() < 16
    assert within_reach(values, 1.0, 11.0, overshoot=0.5, keep_sign=False).min() < 0
    assert within_reach(-values[::-1], -11.0, -1.0, overshoot=0.5).max() < 0
