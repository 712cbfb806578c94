"""Search: methods that propose what to measure next, the study that runs them, and evaluators."""

from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.history import History, Trial
from archflow.search.model_based import SURROGATES, Lesson, ModelBased, Surrogate
from archflow.search.problem import Constraint, Problem

__all__ = [
    "SEARCHERS",
    "SURROGATES",
    "Constraint",
    "History",
    "Lesson",
    "ModelBased",
    "Problem",
    "Proposals",
    "Searcher",
    "Surrogate",
    "Trial",
]
