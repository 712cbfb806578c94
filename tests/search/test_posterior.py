import numpy as np
import pytest

from archflow.search.posterior import Posterior


@pytest.fixture(scope="module")
def seen():
    """A process that has seen a smooth function at 30 of 60 places, and the columns of all."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 2))
    values = np.sin(columns[:, 0]) + 0.5 * columns[:, 1]
    parts = [columns, columns]
    known = [part[:30] for part in parts]
    return Posterior(known, values[:30] - values[:30].mean()), parts, values - values[:30].mean()


def test_it_predicts_what_it_has_not_seen(seen):
    posterior, parts, values = seen
    mean, std = posterior(parts)
    assert np.corrcoef(mean[30:], values[30:])[0, 1] > 0.9
    assert std[:30].mean() < std[30:].mean()


def test_alone_and_together_it_says_the_same(seen):
    posterior, parts, _ = seen
    some = [part[25:40] for part in parts]
    mean, std = posterior(some)
    together, covariance = posterior.joint(some)
    np.testing.assert_allclose(together, mean)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), std, rtol=1e-6, atol=1e-6)


def test_draws_are_spread_as_it_says(seen):
    posterior, parts, _ = seen
    some = [part[30:36] for part in parts]
    mean, covariance = posterior.joint(some)
    draws = posterior.draws(some, 20_000, np.random.default_rng(1))
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.03)
