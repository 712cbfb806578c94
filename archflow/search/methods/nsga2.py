"""NSGA-II."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archflow.predict.pareto import crowding, fronts
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.problem import Problem

Values = NDArray[np.float64]


@SEARCHERS.register("nsga2")
class NSGA2(Searcher):
    """Multi-objective evolution with survival by Pareto front and crowding distance.

    The population consists of the measured architectures that survive; parents win binary tournaments by the same
    order. Children are mutants, since search spaces define neighbours but no crossover. Architectures that break a
    constraint come after all that satisfy them, the smallest violation first.

    Args:
        problem, seed: See `Searcher`.
        population: Number of survivors, and of random initial architectures.

    Source: Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002.
    """

    takes_several = True
    bounds: ClassVar = {"population": (2,)}

    def __init__(self, problem: Problem, seed: int = 0, population: int = 20) -> None:
        super().__init__(problem, seed)
        self.population = population

    @property
    def batch(self) -> int:
        return self.population

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        missing = self.population - len(self.history)
        if missing > 0 or not self.history.done:
            return Proposals(self.fresh(min(n, max(missing, 1)), generator), "random")
        order = survival_order(self.history.rising, self.history.violation)[: self.population]
        rank = np.arange(len(order))  # the first survives longest
        drawn = generator.integers(len(order), size=(n, 2))
        winners = np.array(self.history.done)[order[rank[drawn].min(1)]]
        children = self.space.mutants(self.history.architectures.select(winners), generator)
        return Proposals(children, [f"mutant of {winner}" for winner in winners.tolist()])


def survival_order(rising: Values, violation: Values) -> NDArray[np.int64]:
    """(D,) rows in order of survival: by constraint violation, Pareto front, and crowding distance.

    Args:
        rising: (D, M) objectives, better when higher.
        violation: (D,) constraint violations.
    """
    front = np.empty(len(rising), np.int64)
    crowded = np.zeros(len(rising))
    kept = np.flatnonzero(violation == 0)
    if len(kept):
        front[kept] = fronts(rising[kept])
    broken = np.flatnonzero(violation > 0)
    worst = int(front[kept].max(initial=-1))
    front[broken] = worst + 1 + np.unique(violation[broken], return_inverse=True)[1]
    for number in np.unique(front[kept]):
        rows = kept[front[kept] == number]
        crowded[rows] = crowding(rising[rows])
    return np.lexsort((-crowded, front))
