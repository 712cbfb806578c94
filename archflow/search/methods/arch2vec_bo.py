"""arch2vec's Bayesian optimisation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.errors import ArchflowError
from archflow.search.acquisition import expected_improvement
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.model_based import Model, ModelBased, Surrogate, best_of
from archflow.search.pool import pool_of
from archflow.search.problem import Problem
from archflow.search.surrogates.dngo import DNGO

VARIANTS = ("ours", "as_released")


@SEARCHERS.register("arch2vec_bo")
class Arch2vecBO(ModelBased):
    """Bayesian optimisation by expected improvement with DNGO on embeddings that are learnt without labels.

    Args:
        problem, seed: See `Searcher`.
        surrogate: Makes the models; by default `DNGO` on an encoder that is pre-trained on the space.
        initial: Number of random initial architectures.
        each: Architectures per round; published: 5 for NAS-Bench-101, 1 for NAS-Bench-201.
        target: The value over which improvement is computed, better when higher: a number, as published (0.95 for
            accuracies of NAS-Bench-101, 1 for NAS-Bench-201, as fractions), or None for the best measured value.
        variant: `as_released` uses the variance in place of the standard deviation, as the released code does.

    Source: Yan et al., "Does unsupervised architecture representation learning help neural architecture search?",
    NeurIPS 2020. The released code may measure an architecture twice, and does not standardise labels
    (`DNGO(standardised=False)`).

    Raises:
        ArchflowError: If the variant is unknown.
    """

    bounds: ClassVar = {"initial": (1,), "each": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 16,
        each: int = 5,
        target: float | None = None,
        variant: str = "ours",
    ) -> None:
        super().__init__(problem, seed, surrogate or DNGO(), initial, each)
        if variant not in VARIANTS:
            raise ArchflowError(f"arch2vec_bo: no variant is called {variant!r}; there are: {', '.join(VARIANTS)}")
        self.target, self.variant = target, variant

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        pool = pool_of(self, generator)
        if len(pool) == 0:
            return Proposals(pool)
        mean, std = model(pool)
        target = float(self.history.fitness.max()) if self.target is None else self.target
        gain = expected_improvement(mean, std**2 if self.variant == "as_released" else std, target)
        return best_of(n, pool, gain, (mean, std), "expected improvement")
