"""What is odd about a column."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.features.ranges import Range

RNG = np.random.default_rng(0)
MILLIONS = RNG.uniform(0.1, 1.5, 200)


@pytest.mark.parametrize("factor", [1e6, 1e3, 100.0, 1e-2, 1e-6])
def test_another_unit_is_said_with_both_ranges(factor):
    said = Range.of(MILLIONS).oddity(factor * MILLIONS[:50])
    assert f"learnt from {MILLIONS.min():.4g} to {MILLIONS.max():.4g}" in said
    assert f"from {factor * MILLIONS[:50].min():.4g} to {factor * MILLIONS[:50].max():.4g} here" in said


@given(st.integers(0, 99), st.integers(1, 40), st.sampled_from([1.0, 0.5, 3.0]))
def test_what_is_like_it_is_not_odd(seed, count, factor):
    """Normal numbers, counts with zeros and proxies over twenty decades: a few, also somewhat larger or smaller."""
    rng = np.random.default_rng(seed)
    for values in (rng.normal(size=300), rng.integers(0, 9, 300).astype(float), np.exp(rng.uniform(-20, 25, 300))):
        assert Range.of(values).oddity(factor * rng.permutation(values)[:count]) == ""


def test_what_is_empty_or_has_more_gaps_than_it_had():
    full = Range.of(MILLIONS)
    gaps = np.where(np.arange(200) % 10 == 0, np.nan, MILLIONS)
    assert "is empty here" in full.oddity(np.full(9, np.nan))
    assert "has no value for 20 of 200 here" in full.oddity(gaps)
    assert Range.of(gaps).oddity(gaps) == "", "it had as many"
    assert "has no value for 100 of 200" in Range.of(gaps).oddity(np.where(np.arange(200) < 100, np.nan, MILLIONS))


def test_zeros_alone_are_in_any_unit():
    assert Range.of(np.zeros(5)).oddity(np.zeros(3)) == ""
    assert Range.of(MILLIONS).oddity(np.zeros(3)) == ""


def test_it_comes_back_from_its_description():
    known = Range.of(MILLIONS)
    assert Range.from_json(known.to_json()) == known
    for damaged in (None, [1.0], [1.0, 2.0, "3", 0.0], [True, 1.0, 2.0, 3.0], [0.0, 10**400, 2.0, 3.0]):
        with pytest.raises(ArchflowError, match="four numbers"):
            Range.from_json(damaged)
