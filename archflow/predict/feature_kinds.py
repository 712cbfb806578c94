"""The features by which a stacked predictor describes a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.features import FEATURES, Features
from archflow.features.columns import Columns
from archflow.features.known import known_columns
from archflow.features.leaks import usable
from archflow.graph.table import Table
from archflow.predict.context import CONTEXT, Context, ContextChoice

COLUMNS = "columns"
"""The kind of features that reads the table's other columns."""


def features_of(
    table: Table,
    kinds: Sequence[str],
    columns: Sequence[str] | None,
    metrics: Sequence[str],
    labelled: tuple[Table, NDArray[np.float64]] | None = None,
    context: ContextChoice | None = None,
) -> dict[str, Features]:
    """Make features by registered name, leaving out kinds that have no columns for architectures such as these.

    Args:
        table: Typical architectures.
        kinds: Names in `FEATURES`.
        columns: Columns of the table for the kind `COLUMNS`; None for those known before training, found by name.
        metrics: The metrics to predict, which are never features.
        labelled: The n labelled architectures and their labels (n,), if there are any: a column that holds the labels,
            in any unit, is not a feature either.
        context: The column of devices or tasks, if there is one; of the labelled architectures, if there are any.

    Raises:
        ArchflowError: If one of `columns` cannot be a feature; the message names it.
    """
    made: dict[str, Features] = {}
    for name in kinds:
        if name == COLUMNS:
            named = known_columns(table, metrics) if columns is None else columns
            if labelled:  # also called with few labels, which a good column may order perfectly by chance
                named = usable(named, *labelled, asked=columns is not None, by_order=False)
            made[name] = Columns.named(table, named, metrics)
        else:
            made[name] = FEATURES.get(name).of(table)
    if context is not None:
        made[CONTEXT] = Context.chosen(labelled[0] if labelled else table, context)
    # In the order in which they are read from a file.
    return {name: each for name, each in sorted(made.items()) if each.names}


def rebuilt_features(name: str, about: Mapping[str, Any]) -> Features:
    """Features from their registered name and their description. Raises ArchflowError if it is damaged."""
    return Context.from_json(about) if name == CONTEXT else FEATURES.saved(name).from_json(about)
