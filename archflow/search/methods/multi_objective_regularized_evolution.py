"""Regularized evolution for several objectives."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.methods.nsga2 import survival_order
from archflow.search.problem import Problem


@SEARCHERS.register("multi_objective_regularized_evolution")
class MultiObjectiveRegularizedEvolution(Searcher):
    """`regularized_evolution` with tournaments won by Pareto front and crowding distance.

    Args:
        problem, seed: See `Searcher`.
        population: Number of latest measured architectures that may become parents, and of random initial ones.
        tournament: Number of architectures drawn without replacement per tournament, the best of which is the parent.

    Source: the searcher of this name in Syne Tune; Real et al. 2019 for one objective.
    """

    takes_several = True
    bounds: ClassVar = {"population": (2,), "tournament": (1,)}

    def __init__(self, problem: Problem, seed: int = 0, population: int = 30, tournament: int = 10) -> None:
        super().__init__(problem, seed)
        self.population, self.tournament = population, tournament

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        missing = self.population - len(self.history)
        if missing > 0 or not self.history.done:
            return Proposals(self.fresh(min(n, max(missing, 1)), generator), "random")
        latest = np.array(self.history.done[-self.population :])
        order = survival_order(self.history.rising[-len(latest) :], self.history.violation[-len(latest) :])
        rank = np.argsort(order)
        drawn = np.stack([generator.permutation(len(latest))[: self.tournament] for _ in range(n)])
        winners = latest[drawn[np.arange(n), rank[drawn].argmin(1)]]
        children = self.space.mutants(self.history.architectures.select(winners), generator)
        return Proposals(children, [f"mutant of {winner}" for winner in winners.tolist()])
