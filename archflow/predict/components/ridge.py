"""Ridge regression on plain features."""

from __future__ import annotations

from numpy.typing import NDArray

from archflow.predict.components.base import COMPONENTS, Component, Lesson
from archflow.predict.components.fitted_linear import FittedLinear
from archflow.predict.seen import Seen


class FittedRidge(FittedLinear):
    """The linear models of all folds."""

    @staticmethod
    def columns(seen: Seen) -> NDArray:
        return seen.plain


@COMPONENTS.register("ridge")
class Ridge(Component):
    """A linear model of standardised features; each fold uses the penalty with the least leave-one-out error."""

    name = "ridge"
    fitted = FittedRidge

    def applies(self, lesson: Lesson) -> bool:
        return FittedRidge.applies(lesson.usual)

    def fit(self, lesson: Lesson) -> FittedRidge:
        return FittedRidge.of(lesson)
