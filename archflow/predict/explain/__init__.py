"""Explanations of a prediction: which nodes and edges it depends on, and what each possible change would do."""

from archflow.predict.explain.explaining import explain
from archflow.predict.explain.explanation import Attribution, Block, Change, Effect, Explanation

__all__ = ["Attribution", "Block", "Change", "Effect", "Explanation", "explain"]
