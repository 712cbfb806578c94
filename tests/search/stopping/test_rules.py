import numpy as np
import pytest

from archflow.search.stopping import STOPPING
from archflow.search.stopping.extrapolation import Extrapolation
from archflow.search.stopping.median import Median
from archflow.search.stopping.successive_halving import SuccessiveHalving

EPOCHS = (1, 2, 3, 4, 9)


def curves(count: int, seed: int = 0):
    """Curves that rise to their ends, which differ."""
    ends = np.random.default_rng(seed).uniform(50, 90, count)
    return [{epoch: float(end * (1 - 0.5 / epoch)) for epoch in EPOCHS} for end in ends]


def test_there_are_three():
    assert STOPPING.names() == ["extrapolation", "median", "successive_halving"]


@pytest.mark.parametrize("rule", [Median(), SuccessiveHalving(), Extrapolation()])
def test_the_first_and_the_best_go_on(rule):
    assert not rule.stops({1: 5.0}, [], EPOCHS)
    others = curves(30)
    best = {1: 46.0, 2: 68.0, 3: 76.0}
    for last in (1, 2, 3):
        assert not rule.stops({epoch: best[epoch] for epoch in range(1, last + 1)}, others, EPOCHS)


def test_the_median_is_of_the_means_so_far():
    others = [{1: 0.0, 2: value} for value in (10.0, 20.0, 30.0, 40.0, 50.0)] + [{1: 90.0}]
    assert Median().stops({1: 1.0, 2: 14.0}, others, EPOCHS)  # the means are 5, 10, 15, 20, 25
    assert not Median().stops({1: 1.0, 2: 15.0}, others, EPOCHS)
    assert not Median().stops({1: 16.0, 2: 2.0}, others, EPOCHS)
    assert not Median(6).stops({1: 1.0, 2: 2.0}, others, EPOCHS)


def test_one_third_passes_a_rung():
    rule = SuccessiveHalving(eta=3)
    assert rule.rungs((4, 12, 36, 108)) == {4, 12, 36}
    assert rule.rungs(EPOCHS) == {1, 3}
    assert SuccessiveHalving(2, 2).rungs(EPOCHS) == {2, 4}
    others = [{1: float(value)} for value in range(5)]
    assert not rule.stops({1: 3.5}, others, EPOCHS)  # the second of six
    assert rule.stops({1: 2.5}, others, EPOCHS)
    assert not rule.stops({1: 2.5, 2: 0.0}, others, EPOCHS)  # no rung
    assert not rule.stops({1: 0.0}, others[:1], EPOCHS)  # too few to be a third


def test_a_curve_that_will_end_low_is_stopped():
    others = curves(30)
    poor = {epoch: 55.0 * (1 - 0.5 / epoch) for epoch in (1, 2)}
    assert Extrapolation().stops(poor, others, EPOCHS)
    assert not Extrapolation().stops(poor, others[:7], EPOCHS)
    assert not Extrapolation(deviations=1e9).stops(poor, curves(30, 1), EPOCHS)
