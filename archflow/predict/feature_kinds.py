"""The features that a stacked predictor describes a table by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.features import FEATURES, Features
from archflow.features.columns import Columns
from archflow.features.known import known_columns
from archflow.features.leaks import usable
from archflow.graph.table import Table

COLUMNS = "columns"
"""The kind of features that reads the table's other columns."""


def features_of(
    table: Table,
    kinds: Sequence[str],
    columns: Sequence[str] | None,
    metrics: Sequence[str],
    labelled: tuple[Table, NDArray[np.float64]] | None = None,
) -> dict[str, Features]:
    """Features by their registered names, but for kinds that have no columns for architectures such as these.

    Args:
        table: What is typical.
        kinds: Names in `FEATURES`.
        columns: Of the table, for the kind `COLUMNS`; None takes those that are known before training by their names.
        metrics: What is to be predicted, which is no feature.
        labelled: The n labelled architectures, and (n,) their labels, if there are any: a column that holds these in
            whatever unit is no feature either.

    Raises:
        ArchflowError: Naming the column, for one of `columns` that cannot be a feature.
    """
    made: dict[str, Features] = {}
    for name in kinds:
        if name == COLUMNS:
            named = known_columns(table, metrics) if columns is None else columns
            if labelled:  # draws of few labels come here too, whose order a good column has by accident
                named = usable(named, *labelled, asked=columns is not None, by_order=False)
            made[name] = Columns.named(table, named, metrics)
        else:
            made[name] = FEATURES.get(name).of(table)
    return {name: each for name, each in made.items() if each.names}
