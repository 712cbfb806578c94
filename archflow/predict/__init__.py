"""Predictors: learn from few measured architectures, rank the rest."""

from archflow.predict.base import Prediction, Predictor
from archflow.predict.fine_tune import FineTuned, FineTuneSettings
from archflow.predict.load import load_predictor
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.objectives import OBJECTIVES, Objective
from archflow.predict.stacked import StackedPredictor

__all__ = [
    "OBJECTIVES",
    "FineTuneSettings",
    "FineTuned",
    "NetworkPredictor",
    "Objective",
    "Prediction",
    "Predictor",
    "StackedPredictor",
    "load_predictor",
]
