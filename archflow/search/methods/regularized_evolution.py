"""Regularized evolution."""

from __future__ import annotations

import numpy as np

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.problem import Problem

PROTOCOLS = {"naszilla": (30, 10, 10, True), "google": (50, 10, 50, False)}
"""Population size, tournament size, initial random architectures, and whether tournaments draw with replacement."""


@SEARCHERS.register("regularized_evolution")
class RegularizedEvolution(Searcher):
    """Mutates the winner of a tournament among the latest architectures; the oldest leave the population.

    Args:
        problem, seed: See `Searcher`.
        protocol: Source of default settings, a name in `PROTOCOLS`: `naszilla`, or `google` for NAS-Bench-101's
            notebook (except for its mutation rates: mutants are drawn by the space).
        population: Number of latest measured architectures that may become parents.
        tournament: Number of architectures drawn per tournament, the best of which is the parent; `google` draws
            without replacement.
        initial: Random architectures before the first mutation. If there are fewer than `population`, no architecture
            is removed until the population is full.

    Source: Real et al., "Regularized evolution for image classifier architecture search", AAAI 2019; naszilla; and
    `NASBench.ipynb` of google-research/nasbench.

    Raises:
        ArchflowError: If the protocol is unknown, or a number is below one.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        protocol: str = "naszilla",
        population: int | None = None,
        tournament: int | None = None,
        initial: int | None = None,
    ) -> None:
        if protocol not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ArchflowError(f"regularized_evolution: no protocol is called {protocol!r}; there are: {known}")
        super().__init__(problem, seed)
        self.protocol = protocol
        given, usual = (population, tournament, initial), PROTOCOLS[protocol]
        self.population, self.tournament, self.initial = (
            whole(f"RegularizedEvolution: {name}", default if value is None else value, 1)
            for name, value, default in zip(("population", "tournament", "initial"), given, usual, strict=False)
        )

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        missing = self.initial - len(self.history)
        if missing > 0 or not self.history.done:
            return Proposals(self.fresh(min(n, max(missing, 1)), generator), "random")
        latest = self.history.done[-self.population :]
        fitness = self.history.fitness[-self.population :]
        if PROTOCOLS[self.protocol][3]:
            drawn = generator.integers(len(latest), size=(n, self.tournament))
        else:
            drawn = generator.random((n, len(latest))).argsort(1)[:, : self.tournament]
        winners = np.array(latest)[drawn[np.arange(n), fitness[drawn].argmax(1)]]
        children = self.space.mutants(self.history.architectures.select(winners), generator)
        return Proposals(children, [f"mutant of {winner}" for winner in winners.tolist()])
