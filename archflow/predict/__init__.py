"""Predictors: learn from few measured architectures, rank the rest."""

from archflow.predict.base import Prediction, Predictor
from archflow.predict.blend import BlendedPredictor, load_predictor
from archflow.predict.fine_tune import FineTuned, FineTuneSettings
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.objectives import OBJECTIVES, Objective

__all__ = [
    "OBJECTIVES",
    "BlendedPredictor",
    "FineTuneSettings",
    "FineTuned",
    "NetworkPredictor",
    "Objective",
    "Prediction",
    "Predictor",
    "load_predictor",
]
