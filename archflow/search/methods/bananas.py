"""BANANAS: Bayesian optimisation with an ensemble of perceptrons."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.search.base import SEARCHERS, Proposals
from archflow.search.candidates import Candidates
from archflow.search.model_based import SURROGATES, Model, ModelBased, Surrogate
from archflow.search.problem import Problem
from archflow.search.thompson import thompson


@SEARCHERS.register("bananas")
class Bananas(ModelBased):
    """Measures the mutants of the best architectures with the highest independent Thompson samples.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The model that is sampled; `path_mlp` if None.
        initial, each: See `ModelBased`.
        mutants: Candidates per round: distinct, not measured before.
        patience: Largest number of parents, tried from the best on while there are not enough mutants.

    Source: White et al., "BANANAS", AAAI 2021; naszilla 7e65491. naszilla measures candidates in order to encode them,
    which is not necessary here.
    """

    bounds: ClassVar = {"initial": (1,), "each": (1,), "mutants": (1,), "patience": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 10,
        each: int = 10,
        mutants: int = 100,
        patience: int = 5,
    ) -> None:
        super().__init__(problem, seed, surrogate or SURROGATES.get("path_mlp")(), initial, each)
        self.mutants, self.patience = mutants, patience

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        found = Candidates(self)
        found.mutate(self.best_first()[: self.patience].tolist(), self.mutants, generator, self.mutants)
        found.fill(n, generator)
        return thompson(n, found, model, generator)
