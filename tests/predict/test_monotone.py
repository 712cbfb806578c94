import numpy as np
import pytest

from archflow.predict.monotone import KNOTS, monotone, quantile_knots, within_reach


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


def test_no_value_is_far_from_the_labels_and_none_changes_its_rank():
    values = np.array([-1e9, -5.0, 2.0, 5.0, 9.0, 12.0, 1e9])
    found = within_reach(values, 1.0, 11.0, overshoot=0.5)
    np.testing.assert_array_equal(found[2:5], values[2:5])
    assert (np.diff(found) > 0).all()
    assert found.min() > 0  # labels are all positive
    assert found.max() < 16
    assert within_reach(values, 1.0, 11.0, overshoot=0.5, keep_sign=False).min() < 0
    assert within_reach(-values[::-1], -11.0, -1.0, overshoot=0.5).max() < 0
