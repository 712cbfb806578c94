"""`fit` with the published settings of a latency predictor, on models with node attributes."""

import json

import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.predict import load_predictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import ConsistentRelative, RelativeSquared
from archflow.recipes.presets import LATENCY, UNNAMED
from archflow.testing import random_architectures

KINDS = {"relative_squared": RelativeSquared, "consistent_relative": ConsistentRelative}


@pytest.mark.parametrize("encoder", ["nnlp", "nn_former_latency"])
def test_a_published_predictor_fits(run, tmp_path, encoder):
    some = random_architectures(24, seed=1, attributes=("macs", "bytes"))
    Table(some, {"ms": 0.5 + some.edge_counts}).write(tmp_path / "nets.parquet")
    objective, out = LATENCY[encoder][1], tmp_path / "p"
    options = ("--recipe", "networks", "--encoder", encoder, "--objective", objective, "--members", 1, "--epochs", 2)
    about = json.loads(
        run("fit", "--data", tmp_path / "nets.parquet", "--metric=-ms", *options, "--out", out, "--json")
    )
    assert about["labels"] == 24
    predictor = load_predictor(out)
    assert isinstance(predictor.objectives[0], KINDS[objective])
    assert predictor.objectives[0].lower_is_better
    mean = predictor.predict(some).mean
    assert (mean > 0).all()
    assert np.isfinite(mean).all()


def test_the_published_training_is_that_of_the_preset():
    settings = UNNAMED.published("nn_former_latency").fine_tune
    assert settings == FineTuneSettings(50, 16, 1e-3, 1e-2, clip=5.0, warmup=5, linear=True)
    assert settings.rate(4) == pytest.approx(1e-3)
    assert settings.rate(5) == pytest.approx(1e-3)
    assert settings.rate(27) == pytest.approx(1e-3 * 23 / 45)
    assert UNNAMED.published("nnlp").fine_tune.rate(49) == 1e-3
