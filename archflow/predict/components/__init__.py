"""The predictors that a `StackedPredictor` blends: one file per component."""

from archflow.predict.components.base import COMPONENTS, Component, FittedComponent, Lesson

__all__ = ["COMPONENTS", "Component", "FittedComponent", "Lesson"]
