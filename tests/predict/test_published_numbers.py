"""What default predictors say, to the numbers: rearranged code must not move them."""

import numpy as np
import pytest

from archflow.data import load
from archflow.encoders import create
from archflow.predict import FineTuneSettings, NetworkPredictor

SETTINGS = FineTuneSettings(epochs=6, learning_rate=3e-3)


@pytest.fixture(scope="module")
def cells():
    table = load("digits201").select(range(120))
    return table.architectures, table.metric("test_accuracy")


def fitted(name: str, architectures, y):
    # Without dropout, whose draws are nobody's promise.
    embedders = [create("gin", architectures, seed=seed, width=8, dropout=0.0) for seed in range(2)]
    members = {"one": 1, "three": 3}[name]
    predictor = NetworkPredictor(embedders, members=members, settings=SETTINGS, seed=5)
    predictor.fit(architectures.select(range(60)), y[:60], reference=architectures)
    return predictor


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("one", [31.655781, 29.03768, 37.825817, 38.704431, 58.435549, 41.482928], [np.nan] * 6),
        (
            "three",
            [33.429556, 42.827673, 36.292715, 47.25323, 58.530809, 47.7865],
            [1.696012, 12.533832, 1.566454, 10.775692, 0.808771, 10.416598],
        ),
    ],
)
def test_default_predictors_say_what_they_said(cells, name, mean, std):
    architectures, y = cells
    found = fitted(name, architectures, y).predict(architectures.select(range(60, 66)))
    np.testing.assert_allclose(found, (mean, std), rtol=2e-3)
