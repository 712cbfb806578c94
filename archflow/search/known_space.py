"""What is known of a space's architectures without any measurement: embeddings and features, as columns."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.data.proxies import proxy_columns
from archflow.encoders.embedder import Embedder
from archflow.errors import ArchflowError
from archflow.features import FEATURES, Features
from archflow.graph import ArchitectureSet
from archflow.predict.feature_kinds import features_of
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard
from archflow.recipes.unlabelled import QUICK, Pretraining
from archflow.search.problem import Problem
from archflow.spaces.base import SearchSpace

Values = NDArray[np.float64]

SAMPLE = 1000
"""Largest number of architectures for pre-training encoders and for standardising columns."""

PRETRAININGS: Mapping[str, Pretraining | None] = {"quick": QUICK, "none": None}
"""Choices of pre-training: the encoders of the recipe `quick`, or none."""


class Known(NamedTuple):
    """What is known of N architectures without any measurement.

    Attributes:
        seen: Their embeddings and features.
        columns: (N, Q) the same, standardised, one array for each informative part.
    """

    seen: Seen
    columns: list[Values]

    def select(self, rows: NDArray[np.int64]) -> Known:
        """The chosen architectures."""
        return Known(self.seen.select(rows), [x[rows] for x in self.columns])


class KnownSpace:
    """Standardised columns of architectures: embeddings by encoders pre-trained on a sample of the space, and features.

    Args:
        problem: Supplies the space, and columns that are known before any measurement.
        embedders: The encoders; may be empty.
        features: Registered names of features.
        usual: A sample of the space that determines the standardisation.
    """

    def __init__(
        self, problem: Problem, embedders: Sequence[Embedder], features: Mapping[str, Features], usual: ArchitectureSet
    ) -> None:
        self._problem, self._embedders, self._features = problem, embedders, features
        self.usual = self._seen(usual)
        self._standards = [Standard.of(self.usual.embeddings), Standard.of(self.usual.plain)]

    @classmethod
    def of(cls, problem: Problem, pretraining: str, seed: int, folder: Path | None = None) -> KnownSpace:
        """Build the columns of a problem's space.

        Args:
            problem: The search problem.
            pretraining: One of `PRETRAININGS`.
            seed: Seed of the sample and the encoders.
            folder: Where encoders are cached; None trains them in a temporary folder.
        """
        usual = _usual(problem.space, seed)
        table, embedders = problem.table(usual), []
        settings = PRETRAININGS[pretraining]
        if settings is not None:
            proxies = {name: table.metric(name) for name in proxy_columns(table)}
            with tempfile.TemporaryDirectory() as away:
                embedders = settings.run(usual, np.zeros(0, np.int64), proxies, folder or Path(away), seed)
        return cls(problem, embedders, features_of(table, FEATURES.names(), None, problem.metrics), usual)

    def __call__(self, architectures: ArchitectureSet) -> Known:
        """What is known of N architectures; the informative parts are embeddings, then features.

        Without informative parts `columns` has a single column of zeros.
        """
        seen = self._seen(architectures)
        parts = zip(self._standards, (seen.embeddings, seen.plain), strict=True)
        telling = [standard(values) for standard, values in parts if standard.width]
        return Known(seen, telling or [np.zeros((len(architectures), 1))])

    def _seen(self, architectures: ArchitectureSet) -> Seen:
        return Seen(self._problem.table(architectures), self._embedders, self._features)


def _usual(space: SearchSpace, seed: int) -> ArchitectureSet:
    """All architectures of a small space, of which a sample would contain many duplicates; else a sample."""
    if space.size <= SAMPLE:
        with suppress(ArchflowError):  # the space cannot be listed, whatever its size
            return space.enumerate()
    return space.sample(SAMPLE, np.random.default_rng([seed, 1]))
