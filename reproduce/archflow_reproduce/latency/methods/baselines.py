"""The baselines that are always reported beside a latency predictor."""

from __future__ import annotations

from functools import partial

from archflow.predict.latency_baselines import BASELINES
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values

KIND = "baseline"


def baseline(name: str, task: LatencyTask) -> Values:
    """Fit one of `BASELINES` to the labels of the task."""
    return BASELINES[name]().fit(task.known, task.y).predict(task.candidates)


for _name in BASELINES:
    METHODS.register(f"{KIND}/{_name}")(partial(baseline, _name))
