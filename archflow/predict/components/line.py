"""A linear model of costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.predict.components.base import COMPONENTS, Component, Lesson
from archflow.predict.components.fitted_linear import FittedLinear
from archflow.predict.seen import Seen


class FittedLine(FittedLinear):
    """The lines of all folds."""

    @staticmethod
    def columns(seen: Seen) -> NDArray:
        costs = seen.features.get("columns")
        if costs is not None and costs.shape[1]:
            return costs
        known = seen.table.architectures
        return np.stack([known.node_counts, known.edge_counts, known.depths], 1)


@COMPONENTS.register("line")
class Line(Component):
    """A linear model of costs.

    Costs are the features "columns", such as parameters, or if there are none, the numbers of nodes and edges and the
    depth. The labels decide the sign of each cost.
    """

    name = "line"
    fitted = FittedLine

    def applies(self, lesson: Lesson) -> bool:
        return FittedLine.applies(lesson.usual)

    def fit(self, lesson: Lesson) -> FittedLine:
        return FittedLine.of(lesson)
