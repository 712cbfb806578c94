"""Sums of kernels and the hyperparameters that labels ask for."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import check_grad

from archflow.predict import kernels
from archflow.predict.kernels import (
    LEAST_NOISE,
    covariances,
    hyperparameters,
    prior_means,
    relations,
    split,
    with_context,
)


def planted(count: int = 40, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Two matrices, of which the second alone decides the targets."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(count, 4)), rng.normal(size=(count, 6))
    return [a, b], np.sin(2 * b[:, 0]) + 0.5 * b[:, 1]


@pytest.mark.parametrize("linear", [0, 1, 2])
def test_the_gradient_is_that_of_the_loss(linear):
    x, y = planted()
    seen = relations(x, x, linear)
    before = prior_means(len(seen), 2)
    for shift in (0.0, 0.5, -1.0):
        theta = before + shift * np.linspace(-1, 1, len(before))
        loss, gradient = kernels._loss(theta, seen, y, before)
        off = check_grad(
            lambda t: kernels._loss(t, seen, y, before)[0], lambda t: kernels._loss(t, seen, y, before)[1], theta
        )
        assert np.isfinite(loss)
        assert off < 1e-4 * (1 + np.abs(gradient).max())


def test_the_loss_is_that_of_a_normal_distribution():
    from scipy.stats import multivariate_normal

    x, y = planted(12)
    seen = relations(x, x, 1)
    before = prior_means(3, 2)
    theta = before + 0.3
    covariance: Any = covariances(seen, theta) + split(theta, 3)[2] * np.eye(12)
    other = -multivariate_normal(np.zeros(12), covariance).logpdf(y) - 6 * np.log(2 * np.pi)
    prior = np.square(theta - before).sum() / 2 / kernels.DOUBT**2
    assert kernels._loss(theta, seen, y, before)[0] == pytest.approx(other + prior)


def test_covariances_are_symmetric_and_positive():
    x, _ = planted()
    total = covariances(relations(x, x, 1), prior_means(3, 2))
    np.testing.assert_allclose(total, total.T, atol=1e-12)
    assert np.linalg.eigvalsh(total).min() > -1e-9
    np.testing.assert_allclose(
        covariances(relations(x, [z[:3] for z in x], 1), prior_means(3, 2)), total[:, :3], atol=1e-9
    )


def test_what_tells_nothing_counts_little():
    x, y = planted(120)
    variances, lengths, noise = split(hyperparameters(relations(x, x, 0), y, 2), 2)
    assert variances[0] < 0.3 * variances[1]
    assert (lengths > 0).all()
    assert LEAST_NOISE <= noise < 0.2


def test_noise_is_found():
    x, y = planted(120)
    noisy = y + np.random.default_rng(1).normal(0, 0.7, len(y))
    seen = relations(x, x, 0)
    assert split(hyperparameters(seen, noisy, 2), 2)[2] > 2 * split(hyperparameters(seen, y, 2), 2)[2]


def test_equal_architectures_have_hyperparameters():
    x = [np.ones((20, 3))]
    theta = hyperparameters(relations(x, x, 1), np.linspace(-1, 1, 20), 1)
    assert np.isfinite(theta).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_start_at_hyperparameters_of_fewer_labels_fits_as_well(seed):
    x, y = planted(60, seed)
    seen, before = relations(x, x, 1), prior_means(3, 2)
    first = hyperparameters(seen[:, :30, :30], y[:30], 2)
    cold, warm = hyperparameters(seen, y, 2), hyperparameters(seen, y, 2, first)
    began, ended, usual = (kernels._loss(theta, seen, y, before)[0] for theta in (first, warm, cold))
    assert ended < began
    assert ended == pytest.approx(usual, abs=1.0)


def test_parts_with_a_context_are_the_parts_the_context_and_their_products():
    x, _ = planted()
    parts, near = relations(x, x, 1), np.random.default_rng(1).random((40, 40))
    found = with_context(parts, 2, near)
    assert found.shape == (7, 40, 40)
    np.testing.assert_array_equal(found[:3], parts)
    np.testing.assert_array_equal(found[3], near)
    only_first = np.log([1.0, 1e-300, 1e-300, 1.0, 1.0, 1e-300])  # its own variance, and the length 1 of both
    np.testing.assert_allclose(found[4], covariances(parts, only_first) * near)
    np.testing.assert_allclose(found[6], parts[2] * near)
