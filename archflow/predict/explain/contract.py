"""What explanations require of a predictor and of a search space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from archflow.encoders.embedder import Architectures, Embedder
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.predict.objectives import Objective
from archflow.predict.ranking_model import ScoreModel

Values = NDArray[np.float64]


class ByModel(NamedTuple):
    """Predictions for N architectures together with those of each of the M fitted models behind them.

    Attributes:
        mean: (N, metrics) predictions, in the metrics' own units.
        std: (N, metrics) their uncertainty.
        models: (M, N, metrics) predictions of each model, in the same units.
        widening: The factor that turns the standard deviation over the models into that of a prediction, or of a
            difference between two predictions; NaN if the models do not determine it.
    """

    mean: Values
    std: Values
    models: Values
    widening: float

    def deviation(self, values: Values) -> Values:
        """(M, ...) numbers of the models -> (...) standard deviation of their mean, as a prediction."""
        return self.widening * values.std(0)


@dataclass(frozen=True)
class Network:
    """A fitted network and its influence on the prediction.

    Attributes:
        model: The network.
        embedder: How architectures are prepared for it.
        metric: The column of its scores.
        slope: Two scores -> how much the prediction rises between them, per unit of the score.
        context: (1, C) numbers of the device or task that it reads with the architecture; None if it reads none.
    """

    model: ScoreModel
    embedder: Embedder
    metric: int
    slope: Callable[[float, float], float]
    context: NDArray[np.float32] | None = None


class Networks(NamedTuple):
    """The networks in a predictor: the predictor, or the part that they form, is a sum of rising functions of scores.

    Attributes:
        networks: The networks; possibly none.
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
    def networks(self, row: Table, metric: int = 0) -> Networks: ...


class Space(Protocol):
    """The parts of `archflow.spaces.SearchSpace` that `explain` uses."""

    name: str

    def neighbours(self, architecture: Architecture) -> ArchitectureSet: ...
