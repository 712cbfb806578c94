"""What the report of a search shows."""

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
    """What was believed of an architecture before it was measured."""

    query: int
    mean: float
    deviation: float
    measured: float


@dataclass(frozen=True)
class Proposed:
    """How many evaluations came from one kind of proposals, with the mean and the best of their values."""

    origin: str
    count: int
    mean: float
    best: float


@dataclass(frozen=True)
class Drawn:
    """An architecture to draw, with its string, the query it was, its metrics, and why it was proposed."""

    architecture: Drawable
    native: str
    query: int
    values: Mapping[str, float]
    origin: str


@dataclass(frozen=True)
class SearchFacts:
    """What the report shows of R evaluations, in the order in which they came back.

    Attributes:
        title: The heading.
        space, method, seed: Of the search.
        objectives: M names, with a minus in front where lower is better.
        constraints: In words.
        values: (R, M) in the metrics' own signs; NaN where it failed.
        counted: (R,) whether it can be the best.
        best_so_far: (R,) the first objective of the best up to each.
        reported: Other metrics of that one, (R,) each.
        front: Rows of the best, or of the Pareto front.
        drawn: Those to draw.
        bars: All evaluations on the clock.
        beliefs: What was believed of those that the method had a model for.
        proposed: Where proposals came from.
        failures: Numbers, and why.
        simulated: Whether the clock is.
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
