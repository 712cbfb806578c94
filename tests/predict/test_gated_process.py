"""Processes that start from what sources say."""

import numpy as np
import pytest

from archflow.predict.gated_process import LEAST_RANK, GatedProcess, Pairs, transfer_weights
from archflow.predict.kernels import covariances, prior_means

RNG = np.random.default_rng(0)
X, Z = RNG.normal(size=(30, 3)), RNG.normal(size=(12, 3))
SAID, SAYS = RNG.normal(size=(30, 2)), RNG.normal(size=(12, 2))
THETA = prior_means(4, 1) + 0.2
WEIGHTS = np.array([1.5, 0.5])
AMONG, TO = Pairs.of([X], [X], 1), Pairs.of([X], [Z], 1)


def before(x):
    return np.stack([np.ones(len(x)), np.square(x).mean(1)])


def test_it_is_the_process_of_its_covariances():
    y = RNG.normal(size=30)
    process = GatedProcess(AMONG, SAID, y, WEIGHTS, THETA)
    mean, variance, _ = process(TO, before(Z), SAYS)
    noisy = covariances(AMONG.with_sources(SAID, SAID, WEIGHTS), THETA) + process.noise * np.eye(30)
    between = covariances(TO.with_sources(SAID, SAYS, WEIGHTS), THETA)
    own = np.diag(covariances(Pairs.of([Z], [Z], 1).with_sources(SAYS, SAYS, WEIGHTS), THETA))
    np.testing.assert_allclose(mean, between.T @ np.linalg.solve(noisy, y))
    np.testing.assert_allclose(variance, own - np.sum(between * np.linalg.solve(noisy, between), 0))


def test_a_gate_is_the_slope_along_its_source():
    process = GatedProcess(AMONG, SAID, RNG.normal(size=30), WEIGHTS, THETA)
    mean, _, gates = process(TO, before(Z), SAYS)
    for source in range(2):
        more = SAYS + np.eye(2)[source]
        np.testing.assert_allclose(process(TO, before(Z), more)[0] - mean, gates[:, source])


def test_a_source_without_weight_changes_nothing():
    y = RNG.normal(size=30)
    one = GatedProcess(AMONG, SAID, y, np.array([1.0, 0.0]), THETA)
    other = SAID * [1, 100]
    two = GatedProcess(AMONG, other, y, np.array([1.0, 0.0]), THETA)
    for a, b in zip(one(TO, before(Z), SAYS), two(TO, before(Z), SAYS), strict=True):
        np.testing.assert_allclose(a, b)


def test_gates_differ_where_labels_say_that_sources_hold_only_here():
    x, source = RNG.normal(size=(200, 3)), RNG.normal(size=(200, 1))
    y = np.where(x[:, 0] > 0, source[:, 0], -source[:, 0])
    process = GatedProcess(Pairs.of([x], [x], 1), source, y, np.ones(1))
    gates = process(Pairs.of([x], [x], 1), before(x), source)[2][:, 0]
    assert gates[x[:, 0] > 0.5].mean() > 0.4
    assert gates[x[:, 0] < -0.5].mean() < -0.4


def test_sources_that_rank_well_weigh_more():
    y = RNG.normal(size=40)
    said = np.stack([y + 0.1 * RNG.normal(size=40), -y, RNG.normal(size=40), np.zeros(40)], 1)
    weights = transfer_weights(said, y)
    assert weights.mean() == pytest.approx(1)
    assert min(weights[:2]) > 5 * max(weights[2:])
    assert min(weights) > LEAST_RANK / 2
    assert transfer_weights(np.zeros((40, 0)), y).shape == (0,)
    np.testing.assert_array_equal(transfer_weights(np.zeros((40, 3)), y), 1)
