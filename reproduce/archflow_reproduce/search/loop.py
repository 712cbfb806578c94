"""The loop that a user would write: fit a pre-trained encoder, measure what it predicts to be best, repeat."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from archflow.encoders import Embedder, pretrained
from archflow.encoders.create import create
from archflow.predict.choose import choose
from archflow.predict.network_predictor import NetworkPredictor
from archflow.recipes.unlabelled import QUICK
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.embeddings import Embed
from archflow.search.lessons import once, typical
from archflow.search.pool import pool_of
from archflow.search.problem import Problem

ENCODER = "gated_gcn"
"""The kind of shipped encoder that is taken."""


@SEARCHERS.register("loop")
class Loop(Searcher):
    """Ten lines around `choose` and `NetworkPredictor`, which a search method should beat.

    The first architectures are chosen for being informative, by their embeddings. Every following batch is predicted to
    be best, among all that are left, by the encoder that is fine-tuned on all results, with the predictor's defaults.

    Args:
        problem, seed: See `Searcher`.
        each: Architectures per batch, the first included.
    """

    bounds: ClassVar = {"each": (1,)}

    def __init__(self, problem: Problem, seed: int = 0, each: int = 20) -> None:
        super().__init__(problem, seed)
        self.each = each
        self.embedder = once(self.space, ("loop",), lambda: encoder_for(problem))
        self._embed = once(self.space, ("loop embeddings",), lambda: Embed(self.embedder))

    @property
    def batch(self) -> int:
        return self.each

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        pool, history = pool_of(self, generator, self._embed), self.history
        n = min(n, len(pool))
        if n == 0:
            return Proposals(pool)
        if len(history.done) < 2 or np.ptp(history.fitness) == 0:
            return Proposals(pool.select(choose(self._embed(self.problem, pool), n, seed=self.seed)), "tells most")
        predictor = NetworkPredictor(self.embedder, seed=self.seed)
        predictor.fit(history.measured, history.fitness)
        best = np.argsort(-predictor.predict(pool).mean, kind="stable")[:n]
        return Proposals(pool.select(best), "predicted best")


def encoder_for(problem: Problem) -> Embedder:
    """A shipped encoder whose vocabulary has all operations of the space, or else one pre-trained on a sample."""
    usual = typical(problem.space)
    for name in pretrained.names(f"{ENCODER}.*"):
        found = create(name)
        if set(usual.vocabulary.ops) <= set(found.vocabulary.ops):
            return found
    with tempfile.TemporaryDirectory() as folder:
        return QUICK.run(usual, np.zeros(0, np.int64), {}, Path(folder))[0]
