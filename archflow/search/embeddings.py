"""Frozen embeddings of a space's architectures."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.encoders import Embedder, create
from archflow.graph import ArchitectureSet
from archflow.recipes.unlabelled import Pretraining, Start
from archflow.search.problem import Problem

Values = NDArray[np.float64]

PRETRAINED = "pretrained"
"""The default encoder: one that is pre-trained on the space on first use."""

SAMPLE = 1000
"""Number of architectures the default encoder is pre-trained on."""

ARCH2VEC = Pretraining([Start("gin", {"width": 32}, "arch2vec", positions=False)], epochs=30)
"""A graph variational autoencoder on a sample of the space, which takes seconds; arch2vec itself learns from all of it
for longer."""


class Embed:
    """Architectures of a problem's space -> embeddings.

    Args:
        encoder: An `Embedder`; the name or file of a pre-trained encoder; or "pretrained".
        seed: Seed of the pre-training.
    """

    def __init__(self, encoder: Embedder | str = PRETRAINED, seed: int = 0) -> None:
        self.encoder, self.seed = encoder, seed
        self._made: Embedder | None = encoder if isinstance(encoder, Embedder) else None
        self._kept: weakref.WeakKeyDictionary[ArchitectureSet, Values] = weakref.WeakKeyDictionary()

    def __call__(self, problem: Problem, architectures: ArchitectureSet) -> Values:
        """(N, D) embeddings; cached for as long as the set exists."""
        found = self._kept.get(architectures)
        if found is None:
            found = self.embedder(problem).embed(architectures).astype(np.float64)
            self._kept[architectures] = found
        return found

    def embedder(self, problem: Problem) -> Embedder:
        """The encoder, loaded or pre-trained on first use."""
        if self._made is None:
            self._made = self._pretrained(problem) if self.encoder == PRETRAINED else create(str(self.encoder))
        return self._made

    def select(self, problem: Problem, architectures: ArchitectureSet, rows: NDArray[np.int64]) -> ArchitectureSet:
        """Select rows of a set and carry their cached embeddings over."""
        some = architectures.select(rows)
        self._kept[some] = self(problem, architectures)[rows]
        return some

    def _pretrained(self, problem: Problem) -> Embedder:
        usual = problem.space.sample(SAMPLE, np.random.default_rng([self.seed, 1]))
        with tempfile.TemporaryDirectory() as folder:
            return ARCH2VEC.run(usual, np.zeros(0, np.int64), {}, Path(folder), self.seed)[0]
