"""Columns as normal scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from archflow.errors import ArchflowError
from archflow.predict.rank_scale import BEYOND, POINTS, RankScale, normal_scores

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(arrays(np.float64, st.integers(2, 40), elements=NUMBERS))
def test_it_keeps_the_order_and_gives_normal_scores(values):
    scale = RankScale.of(values)
    if scale is None:
        assert len(np.unique(values)) == 1
        return
    np.testing.assert_allclose(scale(values), normal_scores(values), atol=1e-6)
    order = np.argsort(values, kind="stable")
    assert (np.diff(scale(values)[order]) >= 0).all()


def test_unusual_values_are_near_and_gaps_stay():
    scale = RankScale.of(np.arange(10.0))
    assert scale is not None
    found = scale(np.array([1e300, -1e300, np.nan, np.inf, 9.1]))
    assert found[0] == scale.scores[-1] + BEYOND
    assert found[1] == scale.scores[0] - BEYOND
    assert np.isnan(found[2:4]).all()
    assert found[4] > scale.scores[-1]


def test_few_points_stand_for_many():
    values = np.random.default_rng(0).normal(size=5000)
    scale = RankScale.of(values)
    assert scale is not None
    assert len(scale.values) == POINTS
    np.testing.assert_allclose(scale(values), normal_scores(values), atol=0.3)


@pytest.mark.parametrize(("values", "scores"), [([1.0], [0.0]), ([1.0, 1.0], [0.0, 1.0]), ([1.0, 2.0], [1.0, 0.0])])
def test_points_that_do_not_rise_are_refused(values, scores):
    with pytest.raises(ArchflowError, match="do not rise"):
        RankScale.restored(np.array(values), np.array(scores))


def test_normal_scores_are_quantiles():
    scores = normal_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(scores, norm.ppf([0.875, 0.125, 0.5, 0.5]))
