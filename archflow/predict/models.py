"""The model in which an encoder is fine-tuned."""

from __future__ import annotations

from archflow.encoders import ENCODERS, Encoder
from archflow.predict.causal_model import CausalRankingModel
from archflow.predict.ranking_model import MODELS, RankingModel, ScoreModel

__all__ = ["MODELS", "CausalRankingModel", "RankingModel", "ScoreModel", "model_for"]


def model_for(encoder: Encoder, n_metrics: int = 1, contexts: int = 0) -> ScoreModel:
    """A model with a fresh head: the one registered in `MODELS` under the encoder's name, else a `RankingModel`."""
    for name in MODELS.names():
        if type(encoder) is ENCODERS.get(name):
            return MODELS.get(name)(encoder, n_metrics, contexts)
    return RankingModel(encoder, n_metrics, contexts)
