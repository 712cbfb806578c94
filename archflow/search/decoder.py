"""A decoder that generates architectures of a space, and measures of the quality of its draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from archflow.encoders import Embedder, create
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.pretext.arch2vec import VariationalGraphAutoEncoder
from archflow.pretext.pretrain import PretrainSettings, pretrain
from archflow.search.embeddings import Embed
from archflow.search.problem import Problem
from archflow.seeding import seeded
from archflow.spaces.base import SearchSpace


class Quality(NamedTuple):
    """Quality of a decoder's draws; None for a fraction whose denominator is 0.

    Attributes:
        validity: Fraction of the draws that are architectures of the space.
        uniqueness: Fraction of distinct architectures, up to isomorphism, among the valid draws.
        novelty: Fraction of the distinct architectures that are not in the training sample.
    """

    validity: float | None
    uniqueness: float | None
    novelty: float | None


class Decoder(Embed):
    """arch2vec's variational graph autoencoder, trained on first use on a sample of a problem's space.

    The encoder embeds architectures; the decoder generates them.

    Args:
        seed: Seed of the sample and the training.
        sample: Number of architectures to train on.
        epochs, batch_size, learning_rate: Training settings.
        width: Width of the encoder's layers.

    Source: Yan et al., "Does unsupervised architecture representation learning help neural architecture search?",
    NeurIPS 2020, which trains on nine tenths of the space for 10 epochs.
    """

    def __init__(
        self,
        seed: int = 0,
        sample: int = 1000,
        epochs: int = 40,
        batch_size: int = 32,
        learning_rate: float = 5e-3,
        width: int = 64,
    ) -> None:
        super().__init__(seed=seed)
        self.sample, self.width = sample, width
        self.settings = PretrainSettings(epochs, batch_size, learning_rate, 0.0, seed)
        self._task: VariationalGraphAutoEncoder | None = None
        self._usual: ArchitectureSet | None = None

    def draw(
        self,
        problem: Problem,
        count: int,
        generator: np.random.Generator,
        around: ArchitectureSet | None = None,
    ) -> ArchitectureSet:
        """Decode `count` graphs from random codes, one normal code per node; a graph may lie outside the space.

        Args:
            problem: The search problem.
            count: Number of draws.
            generator: Random generator.
            around: Architectures whose codes determine mean and standard deviation; the training sample if None.
        """
        embedder, task, usual = self._trained(problem)
        known = embedder.prepare(usual if around is None else around)
        return task.sample(embedder.encoder, known, count, generator)

    def quality(self, problem: Problem, count: int = 1000) -> Quality:
        """Quality of `count` draws around the training sample."""
        space = problem.space
        drawn = self.draw(problem, count, np.random.default_rng([self.seed, 3]))
        valid = space.keys(valid_of(space, drawn))
        different = set(valid)
        seen = set(space.keys(self._trained(problem)[2]))
        return Quality(
            _share(len(valid), count), _share(len(different), len(valid)), _share(len(different - seen), len(different))
        )

    def _trained(self, problem: Problem) -> tuple[Embedder, VariationalGraphAutoEncoder, ArchitectureSet]:
        embedder = self.embedder(problem)
        assert self._task is not None
        assert self._usual is not None
        return embedder, self._task, self._usual

    def _pretrained(self, problem: Problem) -> Embedder:
        self._usual = problem.space.sample(self.sample, np.random.default_rng([self.seed, 1]))
        embedder = create("arch2vec", self._usual, seed=self.seed, width=self.width)
        with seeded(self.seed, 2):
            self._task = VariationalGraphAutoEncoder(embedder.encoder)
        trained = pretrain(embedder, self._task, self._usual, settings=self.settings)
        self._task.eval()
        return trained


def valid_of(space: SearchSpace, drawn: ArchitectureSet) -> ArchitectureSet:
    """Select the draws that are architectures of a space.

    Nodes on no path from input to output are dropped first, as NAS-Bench-101's validity check does; NAS-Bench-201 cells
    have no such nodes.
    """
    cells = [cell for cell in map(_pruned, drawn) if cell is not None and space.contains(cell)]
    return ArchitectureSet.from_architectures(cells, space.vocabulary)


def _pruned(architecture: Architecture) -> Architecture | None:
    try:
        return architecture.pruned()
    except ArchflowError:
        return None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
