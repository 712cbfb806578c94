"""The contract of early-stopping rules, and the rules by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from archflow.configured import Configured
from archflow.registry import Registry

Curve = Mapping[int, float]
"""Epochs -> the objective after them, better when higher, ascending."""


class StoppingRule(Configured, ABC):
    """Decides whether an evaluation is stopped early. The decision depends on nothing but the curves."""

    @abstractmethod
    def stops(self, curve: Curve, others: Sequence[Curve], epochs: Sequence[int]) -> bool:
        """Whether to stop an evaluation now.

        Args:
            curve: The evaluation's curve up to now; never up to the last epoch.
            others: Curves of all other evaluations: finished, stopped and running.
            epochs: All epochs at which there are values; the last one is the end.
        """


STOPPING: Registry[type[StoppingRule]] = Registry("stopping rule", "archflow.search.stopping")
