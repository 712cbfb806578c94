import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.predict.score_scale import CONSTANT, KNOTS, LINEAR, ScoreScale

SKEWED = np.random.default_rng(0).exponential(size=(2, 4000)) * np.array([[1.0], [300.0]])


def test_typical_scores_become_normal_whatever_their_distribution():
    found = ScoreScale.normal(SKEWED)(SKEWED)
    np.testing.assert_allclose(found.mean(1), 0, atol=0.05)
    np.testing.assert_allclose(found.std(1), 1, atol=0.1)
    skewness = (((found - found.mean(1, keepdims=True)) / found.std(1, keepdims=True)) ** 3).mean(1)
    assert (abs(skewness) < 0.6).all()  # 2 before


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60), st.floats(1e-3, 1e6), st.integers(0, 9))
def test_no_order_is_lost_inside_or_beyond_the_points(scores, unit, seed):
    usual = np.array([scores], float) * unit
    rng = np.random.default_rng(seed)
    asked = np.unique(np.concatenate([usual[0], rng.normal(size=20) * 3000 * unit, [-1e6 * unit, 1e6 * unit]]))
    found = ScoreScale.normal(usual)(asked[None])[0]
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()


def test_a_rounding_error_stays_small_where_most_scores_are_tied():
    usual = np.where(np.arange(2000) < 1500, 3.0, np.linspace(0, 6, 2000))[None]
    scale, line = ScoreScale.normal(usual), 1 / usual.std()
    change = np.diff(scale(np.array([[3.0, 3.0 + 1e-6]])))[0, 0]
    assert 0 < change <= 1.01 * line * 1e-6 / LINEAR


def test_few_scores_are_mapped_almost_by_a_line():
    usual = SKEWED[:1, :5]
    found = ScoreScale.normal(usual)(usual)
    np.testing.assert_allclose(found, (usual - usual.mean()) / usual.std(), atol=1e-9)


def test_a_straight_scale_standardises():
    found = ScoreScale.straight(SKEWED)(SKEWED)
    np.testing.assert_allclose(found, (SKEWED - SKEWED.mean(1)[:, None]) / SKEWED.std(1)[:, None], atol=1e-9)


@pytest.mark.parametrize("kind", [ScoreScale.normal, ScoreScale.straight])
def test_scores_that_differ_by_rounding_predict_the_mean(kind):
    usual = 5 + np.random.default_rng(1).normal(size=(1, 100)) * CONSTANT / 10
    np.testing.assert_allclose(kind(usual)(usual), 0, atol=1e-5)


@pytest.mark.parametrize("ends", [(1.0, 2.0), (-400.0, 9e3), (7.0, 7.0), (1e4, 1e4 + 1e-9)])
def test_a_slope_is_the_change_of_the_map_between_two_scores(ends):
    scale = ScoreScale.normal(SKEWED)
    (low, high), start, end = scale(np.array([ends, ends]))[1], *ends
    slope = scale.slope(1, 2.0, start, end)
    assert slope > 0
    np.testing.assert_allclose(slope * (end - start), 2 * (high - low), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", [ScoreScale.normal, ScoreScale.straight])
def test_saved_scales_are_restored(kind):
    scale = kind(SKEWED)
    again = ScoreScale.restored(vars(scale), 2)
    np.testing.assert_array_equal(again(SKEWED), scale(SKEWED))


def test_earlier_files_have_the_means_and_deviations_of_straight_scales():
    centre, spread = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    straight = ScoreScale.restored({"centre": centre, "scale": spread}, 2)
    np.testing.assert_allclose(straight(SKEWED), (SKEWED - centre[:, None]) / spread[:, None], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": np.zeros((2, KNOTS))}, "does not rise"),
        ({"points": np.full((2, KNOTS), np.nan)}, "points"),
        ({"points": np.zeros((3, KNOTS))}, "points"),
        ({"values": np.arange(KNOTS)}, "values"),
        ({"values": np.full(KNOTS, 1e31)}, "values"),
        ({"values": np.zeros(0)}, "points"),
        ({"centre": np.zeros(2)}, "scale"),
        ({"centre": np.zeros(2), "scale": np.array([1.0, 0.0])}, "does not rise"),
        ({"centre": np.zeros(2), "scale": np.array([1.0, -1.0])}, "does not rise"),
    ],
)
def test_what_no_networks_can_have_written_is_refused(change, message):
    with pytest.raises(ArchflowError, match=message):
        ScoreScale.restored({**vars(ScoreScale.normal(SKEWED)), **change}, 2)
