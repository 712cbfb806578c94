"""The contract of a rule that stops evaluations, and the rules by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from archflow.configured import Configured
from archflow.registry import Registry

Curve = Mapping[int, float]
"""Epochs -> the objective after them, better when higher, ascending."""


class StoppingRule(Configured, ABC):
    """Says whether an evaluation is worth its further epochs. What it says depends on nothing but the curves."""

    @abstractmethod
    def stops(self, curve: Curve, others: Sequence[Curve], epochs: Sequence[int]) -> bool:
        """Whether to stop an evaluation now.

        Args:
            curve: Its own, up to now; never up to the last epoch.
            others: Those of all other evaluations, finished, stopped and under way.
            epochs: All at which there are values; the last is the end.
        """


STOPPING: Registry[type[StoppingRule]] = Registry("stopping rule", "archflow.search.stopping")
