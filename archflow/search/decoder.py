"""A decoder that draws architectures of a space, and how good its draws are."""

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
    """What draws are worth; None where there is nothing to divide by.

    Attributes:
        validity: Share of the draws that are of the space.
        uniqueness: Share of different architectures, isomorphic ones once, among the valid.
        novelty: Share of the different ones that the decoder was not trained on.
    """

    validity: float | None
    uniqueness: float | None
    novelty: float | None


class Decoder(Embed):
    """arch2vec's variational graph autoencoder, trained on a sample of a problem's space when it is first needed. It
    embeds by its encoder, and its decoder draws architectures.

    Args:
        seed: Of the sample and the training.
        sample: Architectures to train on.
        epochs, batch_size, learning_rate: Of the training.
        width: Of the encoder's layers.

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
        """`count` draws, be they of the space or not: the codes of nodes are normal at every position.

        Args:
            problem: Of the search.
            count: How many.
            generator: Draws them.
            around: Architectures whose codes say mean and deviation; those it was trained on if None.
        """
        embedder, task, usual = self._trained(problem)
        known = embedder.prepare(usual if around is None else around)
        return task.sample(embedder.encoder, known, count, generator)

    def quality(self, problem: Problem, count: int = 1000) -> Quality:
        """Of so many draws around those it was trained on."""
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
    """The draws that are of a space, without the nodes on no path from input to output, which are dropped first: so
    does the check of NAS-Bench-101, and a NAS-Bench-201 cell has none."""
    cells = [cell for cell in map(_pruned, drawn) if cell is not None and space.contains(cell)]
    return ArchitectureSet.from_architectures(cells, space.vocabulary)


def _pruned(architecture: Architecture) -> Architecture | None:
    try:
        return architecture.pruned()
    except ArchflowError:
        return None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
