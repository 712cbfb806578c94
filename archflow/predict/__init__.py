"""Predictors: learn from few measured architectures, rank the rest."""

from archflow.predict.blend import BlendedPredictor, load_predictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.predictor import Predictor

__all__ = ["BlendedPredictor", "FineTuneSettings", "Predictor", "load_predictor"]
