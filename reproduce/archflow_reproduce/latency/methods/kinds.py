"""A look-up of costs by kind of node, alone and combined with trees."""

from __future__ import annotations

import numpy as np

from archflow.predict.kind_costs import KindCosts
from archflow.predict.latency_baselines import BASELINES
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values


@METHODS.register("archflow/kind costs")
def kind_costs(task: LatencyTask) -> Values:
    """Predict by `KindCosts`, whose penalty is chosen by cross-validation over the structures of the labelled rows."""
    return KindCosts().fit(task.known, task.y).predict(task.candidates)


@METHODS.register("archflow/kind costs and trees")
def kind_costs_and_trees(task: LatencyTask) -> Values:
    """The geometric mean of `KindCosts` and the boosted trees of the baselines."""
    trees = BASELINES["boosted trees"]().fit(task.known, task.y).predict(task.candidates)
    return np.sqrt(kind_costs(task) * trees)
