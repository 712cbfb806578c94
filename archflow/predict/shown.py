"""How predictors look on a Python prompt and in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from archflow.report import notebook


class Facts:
    """What an object is, in a few words each, and heads and rows of a table about it."""

    def __init__(self, *words: str, heads: Sequence[str] = (), rows: Sequence[Sequence[object]] = ()) -> None:
        self.words, self.heads, self.rows = words, heads, rows


class Shown:
    """A `__repr__` that says what an object is, and a `_repr_html_` that adds a table."""

    metrics: Sequence[str]

    def facts(self) -> Facts:
        """What to show: the metrics, unless a class says more."""
        return Facts(", ".join(self.metrics) or "not fitted")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'; '.join(self.facts().words)})"

    def _repr_html_(self) -> str:
        facts = self.facts()
        return notebook.table(repr(self), facts.heads, facts.rows)
