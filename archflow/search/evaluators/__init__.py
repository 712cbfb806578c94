"""Evaluators: one file per way to measure an architecture."""

from archflow.search.evaluators.base import SearchEvaluator, Target, Wanted
from archflow.search.evaluators.parse import parse

__all__ = ["SearchEvaluator", "Target", "Wanted", "parse"]
