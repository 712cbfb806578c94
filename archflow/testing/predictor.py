"""The contract of a predictor."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from archflow.graph import ArchitectureSet
from archflow.predict import Predictor
from archflow.seeding import seeded


def check_predictor(factory: Callable[[], Predictor], architectures: ArchitectureSet, y: ArrayLike) -> None:
    """Hold a predictor to its contract. Raises AssertionError that says which part of it is broken.

    factory: makes an unfitted predictor; its random draws are seeded here. y: (N,) finite labels.
    """

    def fitted() -> Predictor:
        with seeded(0):
            predictor = factory()
        predictor.fit(architectures, y)
        return predictor

    predictor = fitted()
    mean, std = predictor.predict(architectures)
    assert mean.shape == std.shape == (len(architectures),), f"predict gives {mean.shape}, not one value a row"
    assert np.isfinite(mean).all(), "a prediction is not finite"
    few = np.arange(len(architectures))[::-3]
    message = "a prediction does not depend on the other architectures"
    np.testing.assert_allclose(predictor.predict(architectures.select(few))[0], mean[few], 1e-4, 1e-4, err_msg=message)
    np.testing.assert_array_equal(fitted().predict(architectures)[0], mean, "the same seed gives the same predictor")
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(folder)
        loaded = type(predictor).load(folder)
    np.testing.assert_array_equal(loaded.predict(architectures), (mean, std), "a loaded predictor predicts the same")
