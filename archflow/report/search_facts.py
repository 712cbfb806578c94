"""The content of a search report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.report.graph_drawing import Drawable

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """An evaluation on the clock of the search: seconds from `begin` to `end`."""

    worker: int
    begin: float
    end: float
    state: str
    number: int


@dataclass(frozen=True)
class Belief:
    """The prediction for an architecture before it was measured."""

    query: int
    mean: float
    deviation: float
    measured: float


@dataclass(frozen=True)
class Proposed:
    """The number of evaluations from one kind of proposal, with the mean and the best of their values."""

    origin: str
    count: int
    mean: float
    best: float


@dataclass(frozen=True)
class Drawn:
    """An architecture to draw, with its native string, its query number, its metrics, and why it was proposed."""

    architecture: Drawable
    native: str
    query: int
    values: Mapping[str, float]
    origin: str


@dataclass(frozen=True)
class SearchFacts:
    """The content of a report on R evaluations, in the order in which their results came in.

    Attributes:
        title: The heading.
        space, method, seed: Of the search.
        objectives: M names, with a leading minus if lower is better.
        constraints: The constraints as text.
        values: (R, M) in the metrics' own signs; NaN for failed evaluations.
        counted: (R,) whether an evaluation can be the best.
        best_so_far: (R,) the best first objective up to each evaluation.
        reported: Other metrics of the best evaluation so far, (R,) each.
        front: Rows of the best evaluation, or of the Pareto front.
        drawn: Architectures to draw.
        bars: All evaluations on the clock.
        beliefs: Predictions for the evaluations for which the method had a model.
        proposed: Statistics by origin of the proposals.
        failures: Numbers and reasons of failed evaluations.
        simulated: Whether the clock is simulated.
    """

    title: str
    space: str
    method: str
    seed: int
    objectives: Sequence[str]
    constraints: Sequence[str]
    values: Values
    counted: NDArray[np.bool_]
    best_so_far: Values
    reported: Mapping[str, Values]
    front: Sequence[int]
    drawn: Sequence[Drawn]
    bars: Sequence[Bar]
    beliefs: Sequence[Belief]
    proposed: Sequence[Proposed]
    failures: Sequence[tuple[int, str]]
    simulated: bool

    @property
    def metrics(self) -> list[str]:
        """The names of the objectives without their signs."""
        return [name.removeprefix("-") for name in self.objectives]

    @property
    def seconds(self) -> float:
        """When the last evaluation ended."""
        return max((bar.end for bar in self.bars), default=0.0)
