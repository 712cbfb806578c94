"""What explaining needs of a predictor, and of a search space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from archflow.encoders.embedder import Architectures, Embedder
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.predict.objectives import Objective
from archflow.predict.ranking_model import ScoreModel

Values = NDArray[np.float64]


class ByModel(NamedTuple):
    """Predictions for N architectures together with those of each of the M fitted models behind them.

    Attributes:
        mean: (N, metrics) predictions, in the metrics' own units.
        std: (N, metrics) their uncertainty.
        models: (M, N, metrics) predictions of each model, in the same units.
        widening: What the standard deviation over the models is multiplied with to give that of a prediction, or of a
            difference between two predictions; NaN if the models do not tell.
    """

    mean: Values
    std: Values
    models: Values
    widening: float

    def deviation(self, values: Values) -> Values:
        """(M, ...) a number of each model -> (...) the standard deviation of its mean, as a prediction."""
        return self.widening * values.std(0)


@dataclass(frozen=True)
class Network:
    """A fitted network, and how much its score counts.

    Attributes:
        model: The network.
        embedder: How architectures are prepared for it.
        metric: The column of its scores.
        slope: By how much a prediction rises if the score rises by one.
    """

    model: ScoreModel
    embedder: Embedder
    metric: int
    slope: float


class Networks(NamedTuple):
    """The networks in a predictor; the predictor, or its part that they are, is the sum of `slope` times score.

    Attributes:
        networks: They may be none.
        unit: The unit of that sum.
    """

    networks: Sequence[Network]
    unit: str


class Explainable(Protocol):
    """The parts of `archflow.predict.Predictor` that `explain` uses."""

    @property
    def vocabulary(self) -> Vocabulary | None: ...
    @property
    def metrics(self) -> Sequence[str]: ...
    @property
    def objectives(self) -> Sequence[Objective]: ...
    @property
    def context_columns(self) -> Sequence[str]: ...
    def by_model(self, architectures: Architectures) -> ByModel: ...
    def networks(self, metric: int = 0) -> Networks: ...


class Space(Protocol):
    """The parts of `archflow.spaces.SearchSpace` that `explain` uses."""

    name: str

    def neighbours(self, architecture: Architecture) -> ArchitectureSet: ...
