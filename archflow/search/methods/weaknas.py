"""WeakNAS: stronger search with weaker predictors."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archflow.search.base import SEARCHERS, Proposals
from archflow.search.model_based import SURROGATES, Model, ModelBased, Surrogate
from archflow.search.pool import ranked_pool
from archflow.search.problem import Problem


@SEARCHERS.register("weaknas")
class WeakNAS(ModelBased):
    """Measures architectures drawn uniformly from those that a weak predictor ranks highest in the whole space.

    Args:
        problem, seed: See `Searcher`.
        surrogate: The predictor; `mlp` if None. `forest` is the published alternative.
        initial: Number of random initial architectures: 10 for NAS-Bench-201, 100 for NAS-Bench-101.
        each: M, architectures per round.
        top: N, the highest ranked architectures of the space, measured ones included, to draw from. If fewer than M of
            them are new, the next in rank follow.

    Source: Wu et al., "Stronger NAS with Weaker Predictors", NeurIPS 2021; released code 86dc0f4, which selects the
    best architecture so far by test accuracy; here it is selected by the measured metric.
    """

    bounds: ClassVar = {"initial": (1,), "each": (1,), "top": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: Surrogate | None = None,
        initial: int = 10,
        each: int = 10,
        top: int = 100,
    ) -> None:
        super().__init__(problem, seed, surrogate or SURROGATES.get("mlp")(), initial, each)
        self.top = top

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        pool = ranked_pool(self, model, generator)
        new = np.flatnonzero(pool.new)
        high = new[new < self.top]
        chosen = generator.permutation(high) if len(high) >= n else new
        rows = np.sort(chosen[:n])
        return Proposals(pool.architectures.select(rows), [f"rank {row + 1}" for row in rows], pool.beliefs[rows])
