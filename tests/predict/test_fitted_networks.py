"""Residuals of labels that a member did not train on, and the intervals made of them."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.fitted_networks import residuals_of
from archflow.predict.objectives import Hinge
from archflow.testing import random_architectures
from tests.predict.learnable import predictor, target


def test_intervals_hold_what_they_promise():
    many = random_architectures(400, seed=3)
    y = target(many) + np.random.default_rng(0).normal(size=400)
    learner = predictor(many, 3, settings=FineTuneSettings(epochs=10, learning_rate=3e-3))
    learner.fit(many.select(range(120)), y[:120])
    for coverage in (0.5, 0.8):
        low, high = learner.interval(many.select(range(120, 400)), coverage)
        assert coverage - 0.1 < np.mean((low <= y[120:]) & (y[120:] <= high)) < coverage + 0.1
    few = predictor(many)
    few.fit(many.select(range(5)), y[:5])
    with pytest.raises(ArchflowError, match=r"coverage 0\.5 needs more than 0 labels"):
        few.interval(many, 0.5)


def test_residuals_are_of_members_that_did_not_train_on_the_label():
    values = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40]])[..., None]
    labels = np.array([[1.5], [np.nan], [7], [-4]])
    train, held = np.array([[2, 3], [0, 3]]), np.array([[0, 1], [1, 2]])
    (found,) = residuals_of(values, labels, [Hinge()], train, held)
    assert found.ratios.tolist() == [0.5, 23.0]  # row 0 by the first member, row 2 by the second; row 3 by neither
