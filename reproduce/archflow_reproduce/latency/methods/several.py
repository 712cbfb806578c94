"""Predictors of tables in which a row names its device: one for all devices, or one for each."""

from __future__ import annotations

from functools import partial

import numpy as np

from archflow.errors import ArchflowError
from archflow.predict.context import ContextChoice
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.stacks import recipe_of
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values
from archflow_reproduce.latency.methods.ours import predicted

KIND, CONTEXT, OBJECTIVE = "several", "device", "log"
PARTS = ("boosted", "process")
"""Components that are also tried alone."""


def _checked(task: LatencyTask) -> list[str]:
    """The device of each row of the table. Raises ArchflowError if it has one device only."""
    if CONTEXT not in task.of.table.column_names:
        raise ArchflowError(f"{task.of.name} has no column {CONTEXT}, which names the device of a row")
    return ContextChoice(CONTEXT).texts(task.of.table)


def together(recipe: str, task: LatencyTask) -> Values:
    """`archflow fit --recipe NAME --objective log --context device` on all labels."""
    _checked(task)
    parts, none = recipe_of(recipe), np.zeros(0, np.int64)
    embedders = parts.embedders(task.of.table.architectures, none, {}, task.folder / recipe, task.seed)
    return predicted(parts.predictor(embedders, [], OBJECTIVE, task.seed, ContextChoice(CONTEXT)), task)


def unaware(task: LatencyTask) -> Values:
    """The recipe `plain` without the context."""
    _checked(task)
    return predicted(recipe_of("plain").predictor((), [], OBJECTIVE, task.seed), task)


def alone(component: str, task: LatencyTask) -> Values:
    """One component with the context."""
    _checked(task)
    options = {"columns": [], "objective": OBJECTIVE, "seed": task.seed, "context": CONTEXT}
    return predicted(StackedPredictor(components=[component], **options), task)


def one_for_each(task: LatencyTask) -> Values:
    """The recipe `plain` for each device, from the labels of that device alone."""
    devices = np.array(_checked(task))
    found = np.empty(len(task.judged))
    for device in np.unique(devices):
        learnt, judged = (rows[devices[rows] == device] for rows in (task.learnt, task.judged))
        own = LatencyTask(task.of, learnt, judged, task.seed, task.folder)
        found[devices[task.judged] == device] = predicted(
            recipe_of("plain").predictor((), [], OBJECTIVE, task.seed), own
        )
    return found


for _recipe in ("plain", "quick"):
    METHODS.register(f"{KIND}/{_recipe}")(partial(together, _recipe))
for _component in PARTS:
    METHODS.register(f"{KIND}/{_component} alone")(partial(alone, _component))
METHODS.register(f"{KIND}/without devices")(unaware)
METHODS.register(f"{KIND}/one per device")(one_for_each)
