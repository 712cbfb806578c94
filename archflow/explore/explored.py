"""What is explored: a table with its predictions, and where each architecture lies on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.graph.table import Table
from archflow.predict.base import Predictor, check_unranked, interval_columns, ranking_columns
from archflow.predict.direction import usually_lower
from archflow.predict.explain.contract import Space
from archflow.progress import LOGGER
from archflow.report.projection import principal_components

DESCRIBED = ("counts", "paths", "positions", "attributes")
"""The features that stand in for embeddings: none depends on the order in which a table lists nodes."""

MOST_CATEGORIES = 12
"""A column of texts with more distinct ones is not offered as a colour."""

MAP = ("map, first axis", "map, second axis")
"""What the axes of the map are called among the columns."""


@dataclass(frozen=True)
class Explored:
    """A table to look at.

    Attributes:
        name: What the user called it.
        table: N architectures, with the columns that `Predictor.rank` adds for each predictor.
        vectors: (N, D) embeddings or standardised features; neighbours are near in them.
        places: (N, 2) coordinates on the map, float32.
        shares: Fraction of the variance of the vectors on each axis of the map.
        predictors: They predict what the user edits.
        coverage: Probability with which an interval contains the metric.
        space: The search space of the table, if it is known.
    """

    name: str
    table: Table
    vectors: NDArray[np.float32]
    places: NDArray[np.float32]
    shares: tuple[float, float]
    predictors: tuple[Predictor, ...] = ()
    coverage: float = 0.8
    space: Space | None = None

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def numbers(self) -> list[str]:
        """The columns of numbers, those of predicted metrics first."""
        names = [name for name in self.table.metrics if np.isfinite(self.table.metrics[name]).any()]
        first = [
            name
            for predictor in self.predictors
            for place, metric in enumerate(predictor.metrics)
            for name in (*ranking_columns(predictor.metrics, place)[:1], metric, *interval_columns(metric))
            if name in names
        ]
        return [*first, *(name for name in names if name not in first)]

    @cached_property
    def categories(self) -> dict[str, list[str]]:
        """The columns of texts, such as devices, with their distinct texts."""
        found = {}
        for name in self.table.column_names:
            if name not in self.table.metrics:
                texts = sorted({text for text in self.table.texts(name) if text})
                if 1 < len(texts) <= MOST_CATEGORIES:
                    found[name] = texts
        return found

    @cached_property
    def rows_by_hash(self) -> dict[int, int]:
        """The first row with each hash."""
        hashes = self.table.architectures.hashes.tolist()
        return dict(zip(reversed(hashes), range(len(hashes) - 1, -1, -1), strict=True))

    def values(self, name: str) -> NDArray:
        """(N,) the numbers of a column, or coordinates on the map."""
        return self.places[:, MAP.index(name)] if name in MAP else self.table.metric(name)

    def sign(self, name: str) -> float:
        """1 if high values of a column are good, else -1: as a predictor learnt, otherwise as the name suggests."""
        if name.startswith(("rank_", "predicted_std_")):
            return -1.0
        for predictor in self.predictors:
            for metric, objective in zip(predictor.metrics, predictor.objectives, strict=True):
                if name in (metric, *(f"{end}_{metric}" for end in ("predicted", "low", "high"))):
                    return -1.0 if objective.sign < 0 or usually_lower(metric) else 1.0
        return -1.0 if usually_lower(name) else 1.0


def explored(
    name: str,
    table: Table,
    predictors: Sequence[Predictor] = (),
    vectors: ArrayLike | None = None,
    coverage: float = 0.8,
    space: Space | None = None,
) -> Explored:
    """Predict a table, and place its architectures on a map by principal components.

    Args:
        name: What the user calls the table.
        table: N architectures.
        predictors: Their predictions and intervals become columns.
        vectors: (N, D) embeddings; None for features of the graphs.
        coverage: Probability with which an interval contains the metric.
        space: The search space of the table.

    Raises:
        ArchflowError: If a predictor cannot read the table, predicts what another one does, or would replace a column.
    """
    taken: set[str] = set()
    for predictor in predictors:
        twice = taken.intersection(predictor.metrics)
        if twice:
            raise ArchflowError(f"--predictor: two of them predict {min(twice)}; give one for each metric")
        taken.update(predictor.metrics)
        check_unranked(table, predictor.metrics)
    for predictor in predictors:
        ranked = _ranked(table, predictor, coverage)
        table = table.with_metrics({column: ranked.metrics[column] for column in ranked.metrics})
    described = _features(table) if vectors is None else np.asarray(vectors, np.float32)
    places, shares = principal_components(described)
    return Explored(
        name,
        table,
        described,
        places.astype(np.float32),
        (float(shares[0]), float(shares[1])),
        tuple(predictors),
        coverage,
        space,
    )


def _ranked(table: Table, predictor: Predictor, coverage: float) -> Table:
    """The table with predictions, and intervals if there are enough labels for them."""
    try:
        return predictor.rank(table, coverage=coverage)
    except ArchflowError as error:
        found = predictor.rank(table)  # raises again if the table is the reason
        LOGGER.warning("no intervals: %s", error)
        return found


def _features(table: Table) -> NDArray[np.float32]:
    """(N, D) features of the graphs, each with mean 0 and deviation 1; those that are constant are left out."""
    bare = Table(table.architectures)
    made = (FEATURES.get(name).of(bare) for name in DESCRIBED)
    values = np.nan_to_num(np.concatenate([features(bare) for features in made], 1))
    spread = values.std(0)
    values = values[:, spread > 0]
    if not values.shape[1]:
        return np.zeros((len(table), 1), np.float32)
    return (values - values.mean(0)) / values.std(0)


def predicted_columns(predictors: Sequence[Predictor]) -> list[str]:
    """The columns with the predictions of each metric."""
    return [ranking_columns(each.metrics, place)[0] for each in predictors for place in range(len(each.metrics))]
