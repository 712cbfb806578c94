import numpy as np

from archflow.search.acquisition import expected_improvement


def test_expected_improvement_is_the_mean_of_what_exceeds_the_best():
    mean, std = np.array([0.0, 1.0, 3.0]), np.array([1.0, 0.5, 2.0])
    draws = mean + std * np.random.default_rng(0).normal(size=(400_000, 3))
    expected = np.maximum(draws - 1.5, 0).mean(0)
    np.testing.assert_allclose(expected_improvement(mean, std, 1.5), expected, atol=0.01)


def test_without_deviation_it_is_what_is_sure():
    np.testing.assert_allclose(expected_improvement(np.array([1.0, 4.0]), np.zeros(2), 2.0), [0, 2], atol=1e-9)
