"""Objectives: files in this folder, or other packages' by the entry-point group `archflow.predict.objectives`."""

from archflow.predict.objectives.base import (
    OBJECTIVES,
    Objective,
    describe_objective,
    one_for_each,
    rebuild_objective,
)
from archflow.predict.objectives.latency import ConsistentRelative, PositiveOutput, RelativeSquared
from archflow.predict.objectives.ranking import BPR, Hinge, ListMLE, Ranking
from archflow.predict.objectives.regression import Log, Positive, Regression, Relative, Squared

__all__ = [
    "BPR",
    "OBJECTIVES",
    "ConsistentRelative",
    "Hinge",
    "ListMLE",
    "Log",
    "Objective",
    "Positive",
    "PositiveOutput",
    "Ranking",
    "Regression",
    "Relative",
    "RelativeSquared",
    "Squared",
    "describe_objective",
    "one_for_each",
    "rebuild_objective",
]
