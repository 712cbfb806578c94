"""Predictors: an encoder and a head that learn to rank from few labels."""

from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.predictor import Predictor

__all__ = ["FineTuneSettings", "Predictor"]
