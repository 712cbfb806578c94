"""Search by what a decoder generates."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.search.acquisition import expected_improvement
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.decoder import Decoder, Quality, valid_of
from archflow.search.model_based import Model, ModelBased, Surrogate, best_of
from archflow.search.problem import Problem
from archflow.search.surrogates.dngo import DNGO


@SEARCHERS.register("generator")
class GeneratorSearch(ModelBased):
    """A decoder that is trained on a sample of the space without labels draws architectures; of those that are of the
    space and new, the ones of the highest expected improvement are measured.

    Half of the draws are of what is usual in the space, half of what the best architectures so far have in common.
    `quality` says how many draws are valid, different and new.

    Args:
        problem, seed: As `Searcher` says.
        surrogate: Makes the models; `DNGO` on the decoder's own embeddings by default.
        decoder: Draws; one that is trained on the space by default.
        initial: Draws of what is usual to begin with.
        each: Architectures per round.
        draws: Of a round.
        best: How many of the best the second half of the draws is like.

    Raises:
        ArchflowError: The space's architectures have node attributes, which the decoder does not draw.

    Source: The decoder, and how it draws, are those of arch2vec (Yan et al., NeurIPS 2020), which draws to judge the
    autoencoder and not to search; drawing what the best have in common is ours, in the manner of estimation of
    distribution algorithms.
    """

    given = ("problem", "seed", "surrogate", "decoder")
    bounds: ClassVar = {"initial": (1,), "each": (1,), "draws": (2,), "best": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        decoder: Decoder | None = None,
        initial: int = 16,
        each: int = 5,
        draws: int = 500,
        best: int = 20,
    ) -> None:
        if problem.space.attribute_names:
            raise ArchflowError(
                f"generator: architectures of {problem.space.name} have node attributes, which no decoder draws; take "
                "another method, such as archflow"
            )
        self.decoder = decoder or Decoder()
        super().__init__(problem, seed, surrogate or DNGO(self.decoder), initial, each)
        self.draws, self.best = draws, best

    @cached_property
    def quality(self) -> Quality:
        """Validity, uniqueness and novelty of 1,000 draws of what is usual."""
        return self.decoder.quality(self.problem)

    def first(self, n: int, generator: np.random.Generator) -> ArchitectureSet:
        drawn = self.decoder.draw(self.problem, self.draws, generator)
        return self.unseen(valid_of(self.space, drawn))

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        best = self.history.architectures.select(self.best_first()[: self.best])
        drawn = [self.decoder.draw(self.problem, self.draws // 2, generator, around) for around in (None, best)]
        pool = self.unseen(ArchitectureSet.concatenate([valid_of(self.space, each) for each in drawn]))
        if len(pool) == 0:
            return Proposals(self.fresh(n, generator), "random")
        mean, std = model(pool)
        gain = expected_improvement(mean, std, float(self.history.fitness.max()))
        return best_of(n, pool, gain, (mean, std), "generated")
