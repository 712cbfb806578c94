"""Labelled architectures, and checks of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.encoders.embedder import Architectures, as_table
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.predict.unit import LARGEST

Values = NDArray[np.float64]

LEAST = 5
"""The least number of labels from which components can be weighted."""


@dataclass(frozen=True)
class Labelled:
    """Architectures with at least one label each.

    Attributes:
        architectures: N architectures.
        values: (N, metrics), NaN where missing; every column has at least two different values.
        metrics: Names of the columns.
        flat: Whether there is one metric that was not given as a column, so that predictions are (N,).
        rows: (N,) which of the given architectures they are.
    """

    architectures: ArchitectureSet
    values: Values
    metrics: list[str]
    flat: bool
    rows: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        architectures: Architectures,
        y: ArrayLike | None,
        mask: ArrayLike | None = None,
        metrics: Sequence[str] | None = None,
        what: str = "labels",
    ) -> Labelled:
        """Check the arguments of `Predictor.fit`.

        Args:
            what: How error messages call the labels.

        Raises:
            ArchflowError: If labels are missing, not finite and not masked, fewer than two, or all equal.
        """
        metrics = [metrics] if isinstance(metrics, str) else metrics
        table = as_table(architectures)
        architectures = table.architectures
        if y is None:
            if not metrics or not table.column_names:
                raise ArchflowError(f"{what}: none are given; give y, or a table and the names of its columns, metrics")
            turned = next((name for name in metrics if name.startswith("-") and name not in table.metrics), None)
            if turned is not None:
                raise ArchflowError(
                    f"{what}: {turned!r} is the command line's way to say that lower is better; name the column "
                    f"{turned[1:]!r} and give an objective with lower_is_better=True"
                )
            y = np.stack([table.metric(name) for name in metrics], 1)
            missing = np.isnan(y)
            mask = ~missing if mask is None else ~missing & np.reshape(np.asarray(mask, bool), (len(y), -1))
            values, flat = checked_labels(y, mask, len(architectures), what), len(metrics) == 1
        else:
            values, flat = checked_labels(y, mask, len(architectures), what), np.ndim(y) == 1
        if metrics is not None and len(metrics) != values.shape[1]:
            raise ArchflowError(f"{what}: {values.shape[1]} columns, but {len(metrics)} names of metrics")
        names = [f"metric{i}" for i in range(values.shape[1])] if metrics is None else list(metrics)
        usable = np.flatnonzero(np.isfinite(values).any(1))
        return cls(architectures.select(usable), values[usable], names, flat, usable)

    def select(self, rows: NDArray) -> Labelled:
        """The chosen rows."""
        return Labelled(self.architectures.select(rows), self.values[rows], self.metrics, self.flat, self.rows[rows])

    def __len__(self) -> int:
        return len(self.values)


def validation_labels(given: tuple[Architectures, ArrayLike] | Table, like: Labelled) -> Labelled:
    """Check the argument `validation` of `Predictor.fit`.

    Args:
        given: Architectures and labels, or a table that has the columns of the training labels' metrics.
        like: The labels to train on.

    Raises:
        ArchflowError: As for `Labelled.of`, and if the number of metrics differs.
    """
    what = "validation labels"
    if isinstance(given, Table):
        return Labelled.of(given, None, metrics=like.metrics, what=what)
    found = Labelled.of(*given, what=what)
    if len(found.metrics) != len(like.metrics):
        raise ArchflowError(f"{what}: {len(found.metrics)} metrics, the others {len(like.metrics)}")
    return found


def one_metric(
    table: Table, given: Labelled, validation: tuple[Architectures, ArrayLike] | Table | None
) -> tuple[str, Table, Values]:
    """The metric, the labelled rows and their labels (n,) for a `StackedPredictor`; validation labels come last.

    Args:
        table: The architectures that `given` was made from.
        given: Their labels.
        validation: As for `Predictor.fit`.

    Raises:
        ArchflowError: If there are several metrics, or too few labels.
    """
    if len(given.metrics) != 1:
        raise ArchflowError(f"predictor: labels of {len(given.metrics)} metrics; fit one predictor for each")
    known, values = table.select(given.rows), given.values[:, 0]
    if validation is not None:
        further = validation_labels(validation, given)
        more = as_table(validation if isinstance(validation, Table) else validation[0])
        known = known.followed_by(more.select(further.rows))
        values = np.concatenate([values, further.values[:, 0]])
    check_labels(len(values))
    return given.metrics[0], known, values


def checked_labels(y: ArrayLike, mask: ArrayLike | None, count: int, what: str) -> Values:
    """(N, metrics) labels with NaN where masked. Raises ArchflowError unless every column can be ranked."""
    try:
        values = np.array(y, np.float64)
    except (TypeError, ValueError):
        raise ArchflowError(f"{what}: not all of them are numbers, or rows differ in length") from None
    present = np.ones(values.shape, bool) if mask is None else np.asarray(mask, bool)
    if present.shape != values.shape:
        raise ArchflowError(f"{what}: their mask has shape {present.shape}, they have {values.shape}; give the same")
    if values.ndim == 1:
        values, present = values[:, None], present[:, None]
    if values.ndim != 2 or len(values) != count or values.shape[1] == 0:
        raise ArchflowError(f"{what}: {np.shape(y)} does not fit {count} architectures; give one row for each")
    bad = present & ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad.any(1)))
        raise ArchflowError(f"{what}: row {row} is not a finite number; leave it out or mask it")
    check_size(np.where(present, values, np.nan), what)
    values[~present] = np.nan
    for column in range(values.shape[1]):
        finite = values[present[:, column], column]
        if len(finite) < 2:
            raise ArchflowError(f"{what}: {len(finite)} measured; at least two architectures must be labelled")
        if np.ptp(finite) == 0:
            raise ArchflowError(f"{what}: all {len(finite)} are equal ({finite[0]:g}); there is nothing to rank")
    return values


def check_size(labels: Values, what: str) -> None:
    """Raise ArchflowError, naming the row, for labels (N, ...) that are too large to compute with."""
    large = np.abs(labels) > LARGEST
    if large.any():
        raise ArchflowError(
            f"{what}: row {np.argwhere(large)[0][0]} is {labels[large][0]:g}, too large to compute with; "
            "give labels in a larger unit"
        )


def check_labels(count: int) -> None:
    """Raise ArchflowError if this number of labels is too small for a `StackedPredictor`."""
    if count < LEAST:
        raise ArchflowError(f"predictor: {count} labels are too few to learn from; measure at least {LEAST}")
