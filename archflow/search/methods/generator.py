"""Search with a decoder that generates architectures."""

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
    """Samples architectures from a decoder and measures those with the highest expected improvement.

    The decoder is trained without labels on a sample of the space; its draws are filtered to new architectures of the
    space. Half of the draws follow the distribution of the sample, half that of the best architectures so far.
    `quality` reports how many draws are valid, distinct and new.

    Args:
        problem, seed: See `Searcher`.
        surrogate: Makes the models; by default `DNGO` on the decoder's own embeddings.
        decoder: The decoder; by default one that is trained on the space.
        initial: Number of initial draws, from the distribution of the sample.
        each: Architectures per round.
        draws: Draws per round.
        best: Number of best architectures that the second half of the draws is modelled on.

    Raises:
        ArchflowError: If the space's architectures have node attributes, which the decoder does not generate.

    Source: The decoder and its sampling are those of arch2vec (Yan et al., NeurIPS 2020), which uses them to evaluate
    the autoencoder, not to search. Sampling around the best architectures is ours, in the manner of
    estimation-of-distribution algorithms.
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
                f"generator: architectures of {problem.space.name} have node attributes, which the decoder cannot "
                "generate; take another method, such as archflow"
            )
        self.decoder = decoder or Decoder()
        super().__init__(problem, seed, surrogate or DNGO(self.decoder), initial, each)
        self.draws, self.best = draws, best

    @cached_property
    def quality(self) -> Quality:
        """Validity, uniqueness and novelty of 1,000 draws from the distribution of the sample."""
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
