"""CATE-DNGO-LS: DNGO with local search in the embedding space."""

from __future__ import annotations

from itertools import takewhile
from typing import ClassVar

import numpy as np

from archflow.graph import ArchitectureSet
from archflow.search.acquisition import expected_improvement
from archflow.search.base import SEARCHERS, Proposals
from archflow.search.model_based import Model, ModelBased
from archflow.search.pool import pool_of
from archflow.search.problem import Problem
from archflow.search.surrogates.dngo import DNGO

RESTART = "restart"


@SEARCHERS.register("cate_dngo_ls")
class CATEDNGOLS(ModelBased):
    """Expected improvement by DNGO, combined with the nearest embeddings of the best architectures so far.

    Args:
        problem, seed: See `Searcher`.
        surrogate: Makes the models and embeds; by default `DNGO` with 30 epochs and unstandardised labels.
        initial: Number of random initial architectures.
        each: Per round, the number of architectures with the highest expected improvement, and the number of best
            architectures whose nearest new neighbour in the embedding space (L2) is measured.
        patience: Rounds without improvement after which `initial` random architectures are measured.

    Source: Yan et al., "CATE: Computation-aware neural architecture encoding with transformers", ICML 2021. The
    released code differs: it uses the variance in place of the standard deviation, a fixed target of 1 in place of the
    best measured value, and adds a stray 1 to the improvement; it counts rounds without improvement in total, and
    proposes some architectures twice; and it measures the first half of a round before it takes the neighbours of the
    best architectures that are not of this round, of which there may then be fewer.
    """

    bounds: ClassVar = {"initial": (1,), "each": (1,), "patience": (1,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        surrogate: DNGO | None = None,
        initial: int = 16,
        each: int = 5,
        patience: int = 20,
    ) -> None:
        self._dngo = surrogate or DNGO(epochs=30, standardised=False)
        super().__init__(problem, seed, self._dngo, initial, 2 * each)
        self.top, self.patience = each, patience

    @property
    def batch(self) -> int:
        begun = len(self.history) >= self.initial and len(self.history.done) > 0
        return self.initial - self._restarted() % self.initial if begun and self._stuck() else super().batch

    def choose(self, n: int, model: Model, generator: np.random.Generator) -> Proposals:
        pool = pool_of(self, generator, self._dngo.embed)
        if len(pool) == 0 or self._stuck():
            return Proposals(self.fresh(n, generator), RESTART)
        mean, std = model(pool)
        gain = expected_improvement(mean, std, float(self.history.fitness.max()))
        first = np.argsort(-gain, kind="stable")[: min(self.top, n)]
        near = self._nearest(pool, first, n - len(first))
        rows = np.concatenate([first, near]).astype(np.int64)
        origins = ["expected improvement"] * len(first) + ["nearest to one of the best"] * len(near)
        return Proposals(pool.select(rows), origins, np.stack([mean, std], 1)[rows])

    def _nearest(self, pool: ArchitectureSet, taken: np.ndarray, most: int) -> np.ndarray:
        """Rows of the pool, not taken, that are nearest to each of the best architectures so far."""
        best = self.history.architectures.select(self.best_first()[: self.top])
        candidates, centres = self._dngo.embed(self.problem, pool), self._dngo.embed(self.problem, best)
        found: list[int] = []
        for centre in centres:
            distance = np.square(candidates - centre).sum(1)
            distance[[*taken, *found]] = np.inf
            if len(found) < most and np.isfinite(distance.min()):
                found.append(int(distance.argmin()))
        return np.array(found, np.int64)

    def _stuck(self) -> bool:
        """Whether a restart is due or running: no improvement for `patience` rounds, and no completed restart since."""
        if 0 < self._restarted() < self.initial:
            return True
        since = max((t.number for t in self.history.trials if t.origin == RESTART), default=0)
        best = self.history.done[int(self.history.fitness.argmax())]
        return len(self.history) - max(best, since) > self.patience * self.each

    def _restarted(self) -> int:
        """How many of the latest trials belong to a restart."""
        latest = reversed(self.history.trials)
        return sum(1 for _ in takewhile(lambda trial: trial.origin == RESTART, latest))
