"""How answers are judged, against answers whose measures are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow_reproduce.travel.answer import Answer, Scale, judged

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=2000)


def test_an_oracle_and_its_opposite():
    best, worst = judged(Answer(TRUTH), TRUTH), judged(Answer(-TRUTH), TRUTH)
    assert (best["tau"], best["p_at_1"], best["regret_at_10"]) == (1, 1, 0)
    assert (worst["tau"], worst["p_at_1"]) == (-1, 0)
    assert worst["regret_at_10"] > 4
    assert "std_tau" not in best


def test_intervals_and_deviations_of_a_noisy_answer():
    std = RNG.uniform(0.1, 2, len(TRUTH))
    mean = TRUTH + RNG.normal(size=len(TRUTH)) * std
    intervals = {0.5: (mean - 0.6745 * std, mean + 0.6745 * std), 0.8: (np.full_like(mean, -9), np.full_like(mean, 0))}
    found = judged(Answer(mean, mean, std, intervals, facts={"weight": 0.5}), TRUTH)
    assert found["inside_50"] == pytest.approx(0.5, abs=0.03)
    for fifth in range(1, 6):
        assert found[f"inside_50_fifth_{fifth}"] == pytest.approx(0.5, abs=0.08)
    assert found["inside_80"] == pytest.approx((TRUTH <= 0).mean(), abs=1e-3)
    assert 0.2 < found["std_tau"] < found["std_spearman"] < 0.7
    assert found["weight"] == 0.5


def test_fifths_are_in_the_order_of_the_deviation():
    std = np.linspace(2, 1, len(TRUTH))  # the last fifth of rows is the surest
    inside = np.arange(len(TRUTH)) >= 0.8 * len(TRUTH)
    low = np.where(inside, TRUTH - 1, TRUTH + 1)
    found = judged(Answer(TRUTH, TRUTH, std, {0.8: (low, low + 2)}), TRUTH)
    assert [found[f"inside_80_fifth_{fifth}"] for fifth in range(1, 6)] == [1, 0, 0, 0, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_scales_are_the_labels_own_order_and_lead_back(labels):
    values = np.array(labels)
    scale = Scale(values)
    assert np.allclose(scale.labels(scale.targets), values, rtol=1e-9, atol=1e-3)
    grid = scale.labels(np.linspace(-4, 4, 50))
    assert (np.diff(grid) >= -1e-6 * (1 + np.abs(grid[1:]))).all()
