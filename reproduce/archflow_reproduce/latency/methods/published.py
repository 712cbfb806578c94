"""Published latency predictors, with the settings that were published for NNLQP."""

from __future__ import annotations

from functools import partial

import numpy as np

from archflow.encoders import create
from archflow.graph.totals import with_totals
from archflow.importers.views import fused
from archflow.predict import NetworkPredictor
from archflow.predict.objectives import OBJECTIVES
from archflow.recipes.presets import LATENCY
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values

KIND = "published"


def published(name: str, task: LatencyTask) -> Values:
    """Train a predictor of `LATENCY` on fused graphs with their totals.

    A quarter of the labels selects the epoch; the released code selects it on the test set.
    """
    preset, objective = LATENCY[name]
    shown = with_totals(fused(task.of.table.architectures))
    predictor = NetworkPredictor(
        create(name, shown, seed=task.seed, **preset.config),
        objective=OBJECTIVES.get(objective)(lower_is_better=True),
        settings=preset.fine_tune,
        seed=task.seed,
    )
    predictor.fit(shown.select(task.learnt), task.y, metrics=["latency_ms"])
    return np.ravel(predictor.predict(shown.select(task.judged)).mean)


for _name in LATENCY:
    METHODS.register(f"{KIND}/{_name}")(partial(published, _name))
