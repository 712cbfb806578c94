import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.curves import CurvePredictor


def curves(count: int, noise: float = 0.3, seed: int = 0):
    generator = np.random.default_rng(seed)
    end, rate = generator.uniform(60, 95, (count, 1)), generator.uniform(0.2, 0.6, (count, 1))
    return end * (1 - np.exp(-rate * np.arange(1, 21))) + generator.normal(0, noise, (count, 20))


def test_the_end_is_predicted_from_the_beginning():
    known, new = curves(40), curves(200, seed=1)
    predictor = CurvePredictor(known)
    errors = {}
    for seen in (3, 8, 15):
        mean, deviation = predictor.end(new[:, :seen])
        errors[seen] = np.sqrt(np.mean((mean - new[:, -1]) ** 2))
        assert 0.4 * errors[seen] < deviation < 2.5 * errors[seen]
    assert errors[15] < errors[8] < errors[3] < new[:, -1].std()
    naive = np.sqrt(np.mean((new[:, 7] + (known[:, -1] - known[:, 7]).mean() - new[:, -1]) ** 2))
    assert errors[8] < 0.6 * naive


def test_what_is_known_of_a_curve_stays():
    predictor, new = CurvePredictor(curves(20)), curves(3, seed=2)
    whole = predictor.curve(new[:, :5])
    assert whole.shape == (3, 20)
    np.testing.assert_array_equal(whole[:, :5], new[:, :5])


def test_equal_curves_are_no_trouble():
    mean, deviation = CurvePredictor(np.ones((5, 4))).end(np.ones((2, 2)))
    assert mean.tolist() == [1.0, 1.0]
    assert deviation == 0


@pytest.mark.parametrize("given", [np.ones((1, 4)), np.ones(4), np.full((3, 2), np.nan)])
def test_too_few_curves_are_refused(given):
    with pytest.raises(ArchflowError, match="give two or more curves without gaps"):
        CurvePredictor(given)
