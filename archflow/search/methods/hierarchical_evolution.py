"""Evolution of hierarchical representations."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.bounds import whole
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.problem import Problem

FRACTION = 0.05
"""Fraction of the population in a tournament."""


@SEARCHERS.register("hierarchical_evolution")
class HierarchicalEvolution(Searcher):
    """Tournament evolution in which nothing leaves the population.

    Any number of trials may be pending: a worker that becomes free asks for one more, and the tournament is held among
    the results available by then. The method runs on every space; its own is `hierarchical`, whose samples form the
    published initial population.

    Args:
        problem, seed: See `Searcher`.
        initial: Size of the initial population.
        tournament: Number of distinct architectures drawn per tournament, the best of which is the parent; by default 5
            % of the population, rounded up. With 1 this is the paper's random search: mutants of random parents.

    Source: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018. The initial
    population of 200 is taken from secondary sources. A mutant whose network was already measured is drawn again.

    Raises:
        ArchflowError: If a number is below one.
    """

    bounds: ClassVar = {"initial": (1,)}

    def __init__(self, problem: Problem, seed: int = 0, initial: int = 200, tournament: int | None = None) -> None:
        super().__init__(problem, seed)
        self.initial = initial
        self.tournament = None if tournament is None else whole("HierarchicalEvolution: tournament", tournament, 1)

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        missing = self.initial - len(self.history)
        if missing > 0 or not self.history.done:
            return Proposals(self.fresh(min(n, max(missing, 1)), generator), "random")
        population = np.array(self.history.done)
        size = min(self.tournament or int(np.ceil(FRACTION * len(population))), len(population))
        drawn = [generator.choice(len(population), size, replace=False) for _ in range(n)]
        fitness = self.history.fitness
        winners = population[[some[fitness[some].argmax()] for some in drawn]]
        children = self.space.mutants(self.history.architectures.select(winners), generator)
        return Proposals(children, [f"mutant of {winner}" for winner in winners.tolist()])
