"""The features that a stacked predictor describes a table by."""

from __future__ import annotations

from collections.abc import Sequence

from archflow.features import FEATURES, Features
from archflow.features.columns import Columns
from archflow.features.known import known_columns
from archflow.graph.table import Table

COLUMNS = "columns"
"""The kind of features that reads the table's other columns."""


def features_of(
    table: Table, kinds: Sequence[str], columns: Sequence[str] | None, metrics: Sequence[str]
) -> dict[str, Features]:
    """Features by their registered names, but for kinds that have no columns for architectures such as these.

    Args:
        table: What is typical.
        kinds: Names in `FEATURES`.
        columns: Of the table, for the kind `COLUMNS`; None takes those that are known before training by their names.
        metrics: What is to be predicted, which is no feature.

    Raises:
        ArchflowError: Naming the column, for one that cannot be a feature.
    """
    made: dict[str, Features] = {}
    for name in kinds:
        if name == COLUMNS:
            named = known_columns(table, metrics) if columns is None else columns
            made[name] = Columns.named(table, named, metrics)
        else:
            made[name] = FEATURES.get(name).of(table)
    return {name: each for name, each in made.items() if each.names}
