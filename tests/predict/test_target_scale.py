import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.predict.objectives import OBJECTIVES
from archflow.predict.rank_scale import normal_scores
from archflow.predict.target_scale import TargetScale

LABELS = st.lists(st.integers(-1000, 1000), min_size=3, max_size=40).filter(lambda labels: len(set(labels)) > 1)


def scale_of(labels, name="hinge", lower=False):
    return TargetScale.of(OBJECTIVES.get(name)(lower_is_better=lower), np.array(labels, float))


@given(LABELS, st.booleans())
def test_targets_of_labels_map_back_to_the_labels(labels, lower):
    scale, targets = scale_of(labels, lower=lower)
    np.testing.assert_allclose(scale.ends(targets), labels, atol=1e-9)
    np.testing.assert_allclose(scale.means(targets), labels, atol=1e-9)


@pytest.mark.parametrize("name", ["squared", "log", "relative"])
@pytest.mark.parametrize("lower", [False, True])
def test_targets_of_values_are_standardised_and_map_back(name, lower):
    labels = np.exp(np.random.default_rng(0).normal(size=30))
    scale, targets = scale_of(labels, name, lower)
    assert abs(targets.mean()) < 1e-9
    assert abs(targets.std() - 1) < 1e-9
    np.testing.assert_allclose(scale.means(targets), labels)
    assert np.corrcoef(targets, labels)[0, 1] * (-1 if lower else 1) > 0.7, "a higher target is better"


@pytest.mark.parametrize("name", ["squared", "relative"])
@pytest.mark.parametrize("lower", [False, True])
def test_an_outlier_does_not_rule_the_scale_of_values(name, lower):
    labels = np.exp(np.random.default_rng(0).normal(size=40))
    spoilt = np.append(labels[1:], 1e99)
    scale, targets = scale_of(spoilt, name, lower)
    _, plain = scale_of(labels, name, lower)
    assert abs(targets.mean()) < 1e-9
    assert abs(targets.std() - 1) < 1e-9
    assert 0.5 < np.ptp(targets[:-1]) / np.ptp(plain[1:]) <= 1
    np.testing.assert_allclose(scale.means(targets), spoilt)
    widths = scale.widths(targets[:-1] - 0.1, targets[:-1])
    assert np.median(widths) < 2 * np.median(labels)
    beyond = scale.ends(np.array([targets.max() + 1 if lower else targets.min() - 1]))
    assert abs(beyond[0]) < 10 * labels.max()
    again = TargetScale.restored(scale.objective, scale.targets, scale.labels)
    np.testing.assert_array_equal(again.ends(targets), scale.ends(targets))


def test_rankings_see_the_order_alone():
    labels = np.array([1.0, 2.0, 4.0, 3.0])
    _, targets = scale_of(labels)
    np.testing.assert_allclose(targets, normal_scores(labels))
    np.testing.assert_allclose(scale_of(np.exp(labels))[1], targets)
    np.testing.assert_allclose(scale_of(-labels, lower=True)[1], targets)


def test_predictions_stay_near_the_labels_and_intervals_do_not():
    scale, _ = scale_of(np.arange(1.0, 31.0))
    assert 30 < scale.means(np.array([9.0]))[0] < 33
    assert scale.means(np.array([-9.0]))[0] > 0, "no sign that no label has"
    assert scale.ends(np.array([9.0]))[0] > 60
    assert scale.widths(np.array([-1.0]), np.array([1.0]))[0] > 3


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_width_reaches_where_no_value_can_be(sign):
    """Labels from near zero to thousands: near zero, the deviation is not that of the whole range."""
    labels = sign * np.exp(np.linspace(-5, 7, 40)) if sign < 0 else np.linspace(0, 40, 40) ** 2
    scale, targets = scale_of(labels)
    nearest = targets[np.argmin(np.abs(labels))]
    outside = nearest + np.sign(nearest) * 3
    width = scale.widths(np.array([min(nearest, outside)]), np.array([max(nearest, outside)]))
    assert width[0] <= np.abs(labels).min() + 1e-9


def test_the_order_is_kept_beyond_the_labels():
    scale, _ = scale_of([1, 2, 3, 5])
    assert (np.diff(scale.means(np.linspace(-5, 5, 101))) > 0).all()


def test_a_damaged_scale_is_refused():
    scale, _ = scale_of([1, 2, 3])
    with pytest.raises(ArchflowError, match="do not rise"):
        TargetScale.restored(scale.objective, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    with pytest.raises(ArchflowError, match="do not rise"):
        TargetScale.restored(scale.objective, np.array([0.0, 1.0]), np.array([0.0]))
