"""Evolution guided by a predictor, as in CAP and CARL."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.search.base import SEARCHERS, Proposals
from archflow.search.candidates import Candidates
from archflow.search.model_based import SURROGATES, Model, ModelBased, Surrogate
from archflow.search.problem import Problem
from archflow.search.thompson import best_believed

TOURNAMENTS = 5
"""Limit on the tournaments per round, as in the released code."""


@SEARCHERS.register("predictor_evolution")
class PredictorEvolution(ModelBased):
    """Ageing evolution in which a predictor selects among the mutants of tournament winners.

    The selected mutants are measured and replace the oldest architectures. Further generations may be bred on the
    predictor alone before anything is measured.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The predictor. None takes CAP's: a `gin` encoder of three layers of 128 trained by BPR, AdamW 1e-3,
            weight decay 1e-3, 250 epochs of two steps; to search as CAP does, pass `fine_tuned` with an encoder that is
            pre-trained by `cap`.
        initial: Number of random initial architectures.
        each: Architectures measured per round.
        population: Number of latest measured architectures that may become parents.
        tournament: Number of distinct architectures drawn per tournament, the best of which is the parent.
        mutants: Candidates per generation: at most this many mutants per winner, in at most `TOURNAMENTS` tournaments.
        generations: 1 measures the best mutants of measured parents. With more, the parents of the next generation are
            the `population` best predicted of all candidates.

    Source: Ji et al., "CAP", IJCAI 2024; `search_101.py` of the released code 18f3e23. There, a mutant that was not
    selected can never be proposed again; here it can.
    """

    bounds: ClassVar = dict.fromkeys(("initial", "each", "population", "tournament", "mutants", "generations"), (1,))

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 20,
        each: int = 10,
        population: int = 20,
        tournament: int = 5,
        mutants: int = 100,
        generations: int = 1,
    ) -> None:
        super().__init__(problem, seed, surrogate or self.published(), initial, each)
        self.population, self.tournament = population, tournament
        self.mutants, self.generations = mutants, generations

    def published(self) -> Surrogate:
        """The default surrogate."""
        return SURROGATES.get("fine_tuned")(
            encoder="gin", objective="bpr", epochs=250, weight_decay=1e-3, warmup=1, batch_size=0, batches=2
        )

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        found = Candidates(self)
        numbers = np.array(self.history.done[-self.population :])
        fitness = self.history.fitness[-self.population :]
        for _ in range(TOURNAMENTS):
            winner = numbers[self._winner(fitness, generator)]
            found.mutate([int(winner)], self.mutants, generator, self.mutants)
        for generation in range(1, self.generations):
            if len(found) == 0 or self.space.size < 2:
                break
            self._breed(found, model, generator, generation)
        found.fill(n, generator)
        return best_believed(n, found, model)

    def _breed(self, found: Candidates, model: Model, generator: np.random.Generator, generation: int) -> None:
        """Add mutants of the candidates with the highest predictions."""
        mean = model(found.architectures)[0]
        parents = np.argsort(-mean, kind="stable")[: self.population]
        winners = [self._winner(mean[parents], generator) for _ in range(self.mutants)]
        bred = self.space.mutants(found.architectures.select(parents[winners]), generator)
        found.add(bred, f"generation {generation + 1} on the model")

    def _winner(self, fitness: np.ndarray, generator: np.random.Generator) -> int:
        drawn = generator.choice(len(fitness), min(self.tournament, len(fitness)), replace=False)
        return int(drawn[fitness[drawn].argmax()])


@SEARCHERS.register("carl_evolution")
class CARLEvolution(PredictorEvolution):
    """Evolution on CARL's predictor: ten generations on the model, then the ten best predicted are measured.

    CARL's code is not published and its paper gives only numbers of queries, 80 to 150; everything except the kind of
    predictor is our choice. Arguments are those of `PredictorEvolution`.

    Source: Ji et al., "CARL", ICCV 2025, for the predictor.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 20,
        each: int = 10,
        population: int = 20,
        tournament: int = 5,
        mutants: int = 100,
        generations: int = 10,
    ) -> None:
        super().__init__(problem, seed, surrogate, initial, each, population, tournament, mutants, generations)

    def published(self) -> Surrogate:
        return SURROGATES.get("fine_tuned")(
            encoder="carl", objective="squared", epochs=200, weight_decay=1e-3, warmup=1, batch_size=10
        )
