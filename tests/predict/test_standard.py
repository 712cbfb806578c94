"""Standardised columns have no gaps, one scale, and say something."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from archflow.errors import ArchflowError
from archflow.predict.standard import FARTHEST, Standard

NAN = np.nan


def test_gaps_become_the_mean_and_a_column_of_their_own():
    usual = np.array([[1.0, 5.0, NAN], [3.0, 5.0, NAN], [NAN, 5.0, NAN], [2.0, 5.0, NAN]])
    standard = Standard.of(usual)
    assert standard.width == 2  # the column with gaps and where they are; neither the constant nor the empty one
    x = standard(usual)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(0), 1)
    assert x[2, 0] == 0
    assert x[2, 1] > 0 > x[0, 1]


def test_what_was_not_usual_is_no_farther_than_the_farthest():
    standard = Standard.of(np.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(standard(np.array([[1e30], [-1e30], [np.inf]])), [[FARTHEST], [-FARTHEST], [0]])


def test_rounding_is_no_difference():
    usual = np.array([[1e8, 1], [1e8, 2], [1e8 + 8, 3]], np.float32)
    assert Standard.of(usual).width == 1


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=5)))
def test_any_numbers_give_finite_ones(usual):
    standard = Standard.of(usual)
    x = standard(usual)
    assert x.shape == (len(usual), standard.width)
    assert np.isfinite(x).all()
    for row in range(len(usual)):
        np.testing.assert_array_equal(standard(usual[row : row + 1])[0], x[row])
    again = Standard.restored(standard.arrays(), usual.shape[1])
    np.testing.assert_array_equal(again(usual), x)


@given(st.integers(1, 4), st.sampled_from(["centre", "factor"]), st.sampled_from([NAN, np.inf, -1.0]))
def test_damaged_arrays_are_refused(width, name, bad):
    given_ = {"centre": np.zeros(2 * width), "factor": np.ones(2 * width)}
    assert Standard.restored(given_, width).width == 2 * width
    with pytest.raises(ArchflowError, match="array centre"):
        Standard.restored(given_, width + 1)
    if name == "factor" or not np.isfinite(bad):
        given_[name][-1] = bad
        with pytest.raises(ArchflowError, match=f"array {name}"):
            Standard.restored(given_, width)
