import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.spread import Spread


def errors_of(n, seed=0):
    rng = np.random.default_rng(seed)
    signs = rng.normal(size=(n, 3))
    return signs, rng.normal(size=n) * np.exp(0.8 * signs[:, 0])


def test_the_sign_that_tells_errors_apart_is_found():
    spread = Spread.of(*errors_of(500))
    signs, _ = errors_of(500, seed=1)
    assert np.corrcoef(np.log(spread(signs)), signs[:, 0])[0, 1] > 0.95
    assert spread(signs).shape == (500,)
    assert (spread(signs) > 0).all()


def test_of_few_errors_all_predictions_are_about_equally_unsure():
    signs, _ = errors_of(200, seed=1)
    few, many = (np.log(Spread.of(*errors_of(n))(signs)).std() for n in (8, 500))
    assert few < many


def test_extreme_signs_and_errors_of_zero_give_finite_deviations():
    spread = Spread.of(np.ones((6, 3)), np.zeros(6))
    assert np.isfinite(spread(np.full((2, 3), 1e9))).all()
    assert (spread(np.full((2, 3), -1e9)) > 0).all()


def test_damaged_arrays_are_refused():
    with pytest.raises(ArchflowError, match="contradict"):
        Spread.restored(np.zeros(2), np.ones(2), np.zeros(2))
    with pytest.raises(ArchflowError, match="contradict"):
        Spread.restored(np.zeros(2), np.array([1.0, 0.0]), np.zeros(3))
