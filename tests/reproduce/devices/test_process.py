"""The process with weighted parts."""

import numpy as np
from scipy.optimize import approx_fprime

from archflow_reproduce.devices.few_features import scaled
from archflow_reproduce.devices.process import Part, _loss, fit

GENERATOR = np.random.default_rng(0)
X = scaled(GENERATOR.normal(size=(60, 3)))
NOISE = scaled(GENERATOR.normal(size=(60, 30)))
PARTS = [Part(X, False, 0.3), Part(X, True, 0.3), Part(NOISE, False, 0.3)]


def test_it_finds_the_part_that_matters():
    labels = X @ [2.0, -1.0, 0.5]
    fitted = fit(PARTS, np.arange(20), labels[:20])
    assert np.corrcoef(fitted(np.arange(20, 60)), labels[20:])[0, 1] > 0.95
    assert fitted.weights[2] < fitted.weights[0]


def test_several_outputs_share_weights_and_equal_ones_are_one():
    labels = (X @ [2.0, -1.0, 0.5])[:20]
    alone = fit(PARTS, np.arange(20), labels)
    both = fit(PARTS, np.arange(20), np.stack([labels, 3 * labels + 1], 1))
    np.testing.assert_allclose(both.weights, alone.weights, rtol=1e-3)
    np.testing.assert_allclose(both(np.arange(60))[:, 1], alone(np.arange(60)), atol=1e-3)


def test_the_gradient_is_that_of_the_loss():
    rows = np.arange(15)
    covariances = np.stack([part(rows, rows) for part in PARTS])
    y, at = GENERATOR.normal(size=15), np.log([0.5, 0.2, 0.1, 0.05])
    prior = np.zeros(4)
    slope = approx_fprime(at, lambda logs: _loss(logs, covariances, y, prior)[0], 1e-6)
    np.testing.assert_allclose(_loss(at, covariances, y, prior)[1], slope, rtol=1e-3, atol=1e-4)


def test_equal_labels_say_nothing():
    assert np.isfinite(fit(PARTS, np.arange(5), np.full(5, 3.0))(np.arange(60))).all()
