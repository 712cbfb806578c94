"""archflow's own latency predictor: the recipes of `archflow fit` with objectives for latencies."""

from __future__ import annotations

from functools import partial

import numpy as np

from archflow.predict.stacked import StackedPredictor
from archflow.recipes.stacks import recipe_of
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values

KIND = "archflow"
OBJECTIVES = ("log", "relative")


def recipe(name: str, objective: str, task: LatencyTask) -> Values:
    """`archflow fit --recipe NAME --objective OBJECTIVE`; encoders are pre-trained on all networks of the table."""
    parts, table = recipe_of(name), task.of.table
    proxies = {column: table.metric(column) for column in table.metrics}
    embedders = parts.embedders(table.architectures, np.zeros(0, np.int64), proxies, task.folder / name, task.seed)
    return predicted(parts.predictor(embedders, list(table.metrics), objective, task.seed), task)


def predicted(predictor: StackedPredictor, task: LatencyTask) -> Values:
    """Fit a predictor to the labels of a task and predict the candidates."""
    predictor.fit(task.known, task.y, reference=task.of.table, metrics=["latency_ms"])
    return predictor.predict(task.candidates).mean


for _objective in OBJECTIVES:
    METHODS.register(f"{KIND}/plain, {_objective}")(partial(recipe, "plain", _objective))
