import numpy as np

from archflow.features.statistics import Statistics


def test_statistics_are_of_the_values_that_there_are():
    values, group = np.array([3.0, np.nan, 1.0, np.nan, 5.0]), np.array([0, 0, 0, 1, 3])
    found = Statistics.of(values, group, 4)
    np.testing.assert_array_equal(found.sum, [4, 0, 0, 5])
    np.testing.assert_array_equal(found.mean, [2, np.nan, np.nan, 5])
    np.testing.assert_array_equal(found.min, [1, np.nan, np.nan, 5])
    np.testing.assert_array_equal(found.max, [3, np.nan, np.nan, 5])


def test_the_order_of_values_decides_nothing():
    rng = np.random.default_rng(0)
    values, group = 10 ** rng.uniform(-8, 8, 500), rng.integers(0, 7, 500)
    order = rng.permutation(500)
    for one, other in zip(Statistics.of(values, group, 7), Statistics.of(values[order], group[order], 7), strict=True):
        np.testing.assert_array_equal(one, other)
