"""The contract of a predictor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.encoders.embedder import Architectures, as_table
from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from archflow.graph.column_names import column_names
from archflow.graph.table import Table
from archflow.predict.explain.contract import ByModel, Networks, Space
from archflow.predict.explain.explanation import Explanation
from archflow.predict.objectives import Objective

Values = NDArray[np.float64]


class Prediction(NamedTuple):
    """Predictions for N architectures, in the metric's own unit and sign.

    Attributes:
        mean: (N,), or (N, metrics) if several metrics were learnt as columns.
        std: Their uncertainty, of the same shape; NaN where the predictor cannot estimate it.
    """

    mean: Values
    std: Values


@runtime_checkable
class Predictor(Protocol):
    """Learns a metric from a few measured architectures and predicts it for others.

    `predict`, `interval`, `rank`, `explain` and `save` raise ArchflowError before `fit` or `load`.
    """

    @property
    def metrics(self) -> Sequence[str]:
        """Names of the metrics that were learnt; empty before `fit`."""
        ...

    @property
    def objectives(self) -> Sequence[Objective]:
        """The objective of each metric, including its direction; empty before `fit`."""
        ...

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The operations that it knows; None if it does not say."""
        return None

    @property
    def context_columns(self) -> Sequence[str]:
        """Columns that say where an architecture runs; changes of the architecture do not affect them."""
        return ()

    def fit(
        self,
        architectures: Architectures,
        y: ArrayLike | None = None,
        *,
        mask: ArrayLike | None = None,
        reference: Architectures | None = None,
        validation: tuple[Architectures, ArrayLike] | Table | None = None,
        metrics: Sequence[str] | None = None,
        checkpoint: Path | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Any:
        """Learn from labels.

        Args:
            architectures: N architectures, as a set, a table or a list.
            y: (N,) or (N, metrics) labels in the metric's own unit. None for a table whose columns `metrics` are
                learnt; rows without any label are left out.
            mask: An array like y, False where a label is missing; without it every label counts.
            reference: Typical architectures, labelled or not. Predictors that do not need them ignore them.
            validation: Further labelled architectures, which are not trained on but used for selection and calibration.
                Without them, part of the labels is used.
            metrics: Names of y's columns.
            checkpoint: File that keeps the training state; after an interruption the same call resumes, to the same
                result.
            on_epoch: Called with the number of epochs done.

        Returns:
            A summary of the fit, of a type specific to the class.

        Raises:
            ArchflowError: If labels cannot be learnt or architectures cannot be read.
        """
        ...

    def predict(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Prediction:
        """Predict every metric.

        Args:
            architectures: N architectures, as a set, a table or a list.
            on_batch: Called repeatedly with how many more architectures are done.
        """
        ...

    def interval(self, architectures: Architectures, coverage: float) -> tuple[Values, Values]:
        """Compute intervals that contain the label of an architecture with probability `coverage`.

        Returns:
            low, high: Of the same shape as `predict`'s mean.

        Raises:
            ArchflowError: If there are too few calibration labels for this coverage.
        """
        ...

    def embed(self, architectures: Architectures) -> NDArray[np.float32]:
        """Compute (N, d) embeddings; this also works before `fit`."""
        ...

    def save(self, folder: str | Path) -> None:
        """Write the predictor into a folder, which at any moment holds either the old predictor or the new one."""
        ...

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> Self:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if one is missing, cut off or altered."""
        ...

    def by_model(self, architectures: Architectures) -> ByModel:
        """Predict every metric, also by each of the fitted models behind the prediction.

        A predictor whose models are not known counts as one model.
        """
        mean, std = (part.reshape(len(part), -1) for part in self.predict(architectures))
        return ByModel(mean, std, mean[None], float("nan"))

    def networks(self, row: Table, metric: int = 0) -> Networks:
        """The fitted networks behind the prediction of a metric; none unless a class says otherwise.

        Args:
            row: The architecture whose prediction it is, a table of one row.
            metric: The index of the metric.
        """
        return Networks((), "")

    def explain(
        self,
        architecture: Architecture | Table,
        *,
        table: Table | None = None,
        space: Space | None = None,
        metric: str | None = None,
        most: int = 3000,
    ) -> Explanation:
        """Explain one prediction by the effects of single changes, and by how much it depends on each node and edge.

        Args:
            architecture: The architecture, alone or as a table of one row, whose columns are read.
            table: Typical architectures, which show what a node could be instead. A changed architecture that is in
                the table has its columns there.
            space: A search space, such as one in `archflow.spaces`: only changes to a neighbour in the space are tried.
                Without it, all structurally valid graphs are.
            metric: The metric to explain; the first if None.
            most: The maximum number of changes that are predicted.

        Raises:
            ArchflowError: If the architecture cannot be read or is not of the space.
        """
        from archflow.predict.explain.explaining import explain

        return explain(self, architecture, table=table, space=space, metric=metric, most=most)

    def rank(
        self,
        table: Table | Architectures,
        on_batch: Callable[[int], None] | None = None,
        coverage: float | None = None,
    ) -> Table:
        """Return the table with predictions of every metric.

        It has columns `predicted_METRIC`, `predicted_std_METRIC` and `rank_METRIC` (1 for the best).

        Args:
            table: The architectures to rank. Its columns are kept, except those of the names above; architectures alone
                become a table without other columns.
            on_batch: As in `predict`.
            coverage: Also add columns `low_METRIC` and `high_METRIC`, the ends of `interval`.

        Raises:
            ArchflowError: If there are too few calibration labels for this coverage.
        """
        ends = None if coverage is None else self.interval(table, coverage)
        prediction = self.predict(table, on_batch)
        return ranked(table, prediction, prediction.mean, self, ends)


def ranked(
    table: Table | Architectures,
    prediction: Prediction,
    by: Values,
    predictor: Predictor,
    ends: tuple[Values, Values] | None = None,
) -> Table:
    """Return the table with the columns that `Predictor.rank` adds.

    Args:
        table: N architectures.
        prediction: Their predictions.
        by: (N,) or (N, metrics) values that rise with the predicted metric and decide the order.
        predictor: The predictor that made the prediction.
        ends: Low and high ends of its intervals, if columns are wanted for them.
    """
    table = as_table(table)
    shape = (len(table), len(predictor.metrics))
    mean, std, by = (part.reshape(shape) for part in (*prediction, by))
    columns: dict[str, NDArray] = {}
    for place, objective in enumerate(predictor.objectives):
        order = np.argsort(-objective.sign * by[:, place], kind="stable")
        rank = np.ma.empty(len(order), np.int64)  # masked arrays of integers are written as integers
        rank[order] = np.arange(1, len(order) + 1)
        found = (mean[:, place], std[:, place], rank)
        columns |= dict(zip(ranking_columns(predictor.metrics, place), found, strict=True))
        if ends is not None:
            low_and_high = (end.reshape(shape)[:, place] for end in ends)
            columns |= dict(zip(interval_columns(predictor.metrics[place]), low_and_high, strict=True))
    return table.with_metrics(columns)


def check_unranked(table: Table, metrics: Sequence[str], further: Sequence[str] = ()) -> None:
    """Raise ArchflowError if a table has a column that predictions of the metrics would replace.

    further: Additional columns that these predictions have.
    """
    usual = [
        column
        for place, metric in enumerate(metrics)
        for column in (*ranking_columns(metrics, place), f"measured_{metric}")
    ]
    for column in (*usual, *further):
        if column in table.metrics:
            raise ArchflowError(
                f"column {column!r}: predictions of {', '.join(metrics)} would replace it; remove it, or give --force"
            )


def is_ranked(path: Path) -> bool:
    """Whether a file is a table with the columns of `Predictor.rank`."""
    try:
        columns = set(column_names(path))
    except ArchflowError:
        return False
    ranked = [column.removeprefix("rank_") for column in columns if column.startswith("rank_")]
    return any(columns >= set(ranking_columns([metric], 0)) for metric in ranked)


def ranking_columns(metrics: Sequence[str], place: int) -> tuple[str, str, str]:
    """The names of the columns that `Predictor.rank` adds for one of its metrics: prediction, deviation, rank."""
    return f"predicted_{metrics[place]}", f"predicted_std_{metrics[place]}", f"rank_{metrics[place]}"


def interval_columns(metric: str) -> tuple[str, str]:
    """The names of the columns that `Predictor.rank` adds for the ends of a metric's intervals: low, high."""
    return f"low_{metric}", f"high_{metric}"
