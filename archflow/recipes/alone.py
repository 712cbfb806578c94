"""Check whether one column ranks as well as a fitted predictor."""

from __future__ import annotations

import numpy as np

from archflow.errors import ArchflowError
from archflow.features.category import numbers
from archflow.predict.metrics import kendall_tau
from archflow.predict.stack import Stacking
from archflow.recipes.fitting import Task
from archflow.recipes.verdict import SAME

LEAST = 20
"""With fewer labels than this, a column may rank well by chance."""

LINE = "line"
"""The component that learns from columns alone."""


def alone(task: Task, fitted: Stacking) -> str:
    """A note for the user if a single column ranks the labels nearly as well as the predictor; else an empty string.

    The predictor and its `line` component are judged on labels that they did not learn from. A column learns nothing,
    but one of many may rank well by chance: the line must do as well.
    """
    taus = {share.name: share.tau for share in fitted.shares}
    if fitted.labels < LEAST or not fitted.informative or taus.get(LINE, -1.0) < fitted.tau - SAME:
        return ""
    found = {name: _tau(task, name) for name in fitted.columns if name in task.table.column_names}
    best = max(found, key=lambda name: found[name], default=None)
    if best is None or found[best] < fitted.tau - SAME:
        return ""
    return (
        f"column {best!r} alone ranks the labels as well as the predictor (Kendall tau {found[best]:.2f}, the "
        f"predictor {fitted.tau:.2f} on labels not seen): it is hardly needed"
    )


def _tau(task: Task, name: str) -> float:
    """The absolute Kendall tau between a column and the labels; -1 if the column has gaps or is not numeric."""
    try:
        values = numbers(task.table, name)[task.rows]
    except ArchflowError:
        return -1.0
    if not np.isfinite(values).all():
        return -1.0
    return abs(kendall_tau(values, task.table.metric(task.metrics[0])[task.rows]))
