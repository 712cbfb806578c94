"""Asynchronous successive halving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archflow.search.stopping.base import STOPPING, Curve, StoppingRule


@STOPPING.register("successive_halving")
class SuccessiveHalving(StoppingRule):
    """Lets an evaluation pass a rung only if it is among the best 1/eta of those that reached it.

    This is the stopping variant: nothing is paused and promoted later, so no training state is kept. The first
    evaluations at a rung pass it.

    Args:
        eta: One in `eta` evaluations passes a rung.
        first: Epochs of the lowest rung; each further rung has eta times as many.

    Source: Li et al., "A system for massively parallel hyperparameter tuning" (ASHA), MLSys 2020; the stopping variant
    is that of Ray Tune and Syne Tune.
    """

    bounds: ClassVar = {"eta": (1.1,), "first": (1,)}

    def __init__(self, eta: float = 3.0, first: int = 1) -> None:
        self.eta, self.first = eta, first

    def stops(self, curve: Curve, others: Sequence[Curve], epochs: Sequence[int]) -> bool:
        now = max(curve)
        if now not in self.rungs(epochs):
            return False
        reached = sorted((*(each[now] for each in others if now in each), curve[now]), reverse=True)
        passing = int(len(reached) / self.eta)
        return passing > 0 and curve[now] < reached[passing - 1]

    def rungs(self, epochs: Sequence[int]) -> set[int]:
        """The rungs: for first, first * eta, ... the next epoch at which there are values, except the last epoch."""
        found, wanted = set(), float(self.first)
        while (epoch := next((each for each in epochs[:-1] if each >= wanted), None)) is not None:
            found.add(epoch)
            wanted = max(wanted * self.eta, epoch + 1)
        return found
