"""Local search."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.problem import Problem

START = "start "
"""Prefix of the origin of random architectures; the number of the start follows."""


@SEARCHERS.register("local_search")
class LocalSearch(Searcher):
    """Moves from the best of a few random architectures to better neighbours until there is none, then starts again.

    The state follows from the history: the current architecture is the best measured one since the latest start. A
    neighbour that is not better costs one query, and the next one is tried.

    Args:
        problem, seed: See `Searcher`.
        initial: Random architectures per start.
        whole: Whether to measure all neighbours and move to the best, instead of moving to the first better one.

    Source: White, Nolen and Savani, "Exploring the loss landscape in neural architecture search", UAI 2021; 10 random
    architectures and the first better neighbour, as in naszilla.
    """

    bounds: ClassVar = {"initial": (1,)}

    def __init__(self, problem: Problem, seed: int = 0, initial: int = 10, whole: bool = False) -> None:
        super().__init__(problem, seed)
        self.initial, self.whole = initial, whole

    @property
    def batch(self) -> int:
        return max(self.initial - len(self._start()), 0) or 1

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        start = self._start()
        missing = self.initial - len(start)
        number = int(self.history.trials[start[0]].origin.removeprefix(START)) if start else 0
        if missing > 0:
            return Proposals(self.fresh(min(n, missing), generator), f"{START}{number}")
        centre = self._centre(start)
        if centre is None:  # all trials of the start failed or are pending
            return Proposals(self.fresh(n, generator), f"{START}{number + 1}")
        around = self.space.neighbours(self.history.architecture(centre))
        new = np.array([row for row, key in enumerate(self.space.keys(around)) if key not in self.history], np.int64)
        if len(new) == 0:  # no neighbour is better
            return Proposals(self.fresh(min(n, self.initial), generator), f"{START}{number + 1}")
        return Proposals(around.select(generator.permutation(new)[:n]), f"neighbour of {centre}")

    def _start(self) -> list[int]:
        """Numbers of the trials of the latest start."""
        numbers: list[int] = []
        for trial in reversed(self.history.trials):
            if trial.origin.startswith(START):
                if numbers and trial.origin != self.history.trials[numbers[0]].origin:
                    break
                numbers.append(trial.number)
        return numbers

    def _centre(self, start: list[int]) -> int | None:
        """Number of the current architecture's trial; None if no trial of the start has been measured."""
        fitness = dict(zip(self.history.done, self.history.fitness, strict=True))
        begun = [number for number in start if number in fitness]
        if not begun:
            return None
        centre = max(begun, key=lambda number: fitness[number])
        while True:
            origin = f"neighbour of {centre}"
            found = [number for number in fitness if self.history.trials[number].origin == origin]
            better = [number for number in found if fitness[number] > fitness[centre]]
            if not better or (self.whole and self._unfinished(centre)):
                return centre
            centre = max(better, key=lambda number: fitness[number]) if self.whole else min(better)

    def _unfinished(self, centre: int) -> bool:
        """Whether a neighbour was not asked for yet."""
        around = self.space.neighbours(self.history.architecture(centre))
        return any(key not in self.history for key in self.space.keys(around))
