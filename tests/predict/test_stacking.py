"""How far each of two predictions is trusted."""

import numpy as np
import pytest

from archflow.predict.stacking import share_of_first

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=40)


def test_the_one_that_knows_is_trusted():
    noise = RNG.normal(size=40)
    assert share_of_first(TRUTH, noise, TRUTH) > 0.85
    assert share_of_first(noise, TRUTH, TRUTH) < 0.15


def test_one_that_errs_the_wrong_way_is_left_out():
    assert share_of_first(TRUTH, -TRUTH, TRUTH) == pytest.approx(1, abs=0.01)


def test_equals_count_alike():
    a, b = (TRUTH + RNG.normal(size=40) for _ in range(2))
    assert share_of_first(TRUTH, TRUTH, TRUTH) == pytest.approx(0.5)
    assert 0.25 < share_of_first(a, b, TRUTH) < 0.75


def test_few_labels_move_it_little():
    assert 0.5 < share_of_first(TRUTH[:2], -TRUTH[:2], TRUTH[:2]) < share_of_first(TRUTH, -TRUTH, TRUTH)
    assert share_of_first(-TRUTH * 9, -TRUTH * 9, TRUTH) == 0.5  # neither foretells anything


def test_only_the_order_of_labels_counts():
    a, b = RNG.normal(size=(2, 40))
    assert share_of_first(a, b, TRUTH) == share_of_first(a, b, np.exp(3 * TRUTH))
