"""What the predictors say of one architecture, edited or not: predictions, intervals, attributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.explore.choosing import checked_row
from archflow.explore.edits import as_set, within
from archflow.explore.explored import Explored
from archflow.graph import Architecture
from archflow.graph.table import Table
from archflow.predict.base import Predictor, interval_columns, ranking_columns
from archflow.predict.explain.choices import Choices
from archflow.predict.explain.explanation import Explanation
from archflow.predict.explain.rows import Rows

REFERENCE = 5000
"""The maximum number of rows of a table that alternatives for nodes are taken from, evenly spaced."""


@dataclass(frozen=True)
class Judgement:
    """What is known of one metric of an architecture.

    Attributes:
        metric: Its name.
        measured: The measurement, NaN if the table has none of this architecture.
        predicted, std: The prediction and its uncertainty.
        low, high: The ends of the interval, NaN if there are too few labels for one.
        before: The prediction for the row before edits; NaN without edits.
    """

    metric: str
    measured: float
    predicted: float
    std: float
    low: float
    high: float
    before: float


def known_row(explored: Explored, architecture: Architecture) -> int | None:
    """The first row with this architecture, or one that is isomorphic; None if there is none."""
    return explored.rows_by_hash.get(int(as_set(architecture).hashes[0]))


def judged(explored: Explored, architecture: Architecture, row: int) -> list[Judgement]:
    """Predict every metric.

    Args:
        explored: What is looked at.
        architecture: The architecture, which may have been made from the row by edits.
        row: The row, whose context (its device) it shares.

    Raises:
        ArchflowError: If a predictor does not know one of its operations; the message names it.
    """
    given = explored.table.select([checked_row(explored, row)])
    same = given.architectures[0] == architecture
    found = row if same else known_row(explored, architecture)
    return [
        each
        for predictor in explored.predictors
        for each in _by(predictor, explored, given, None if same else architecture, found)
    ]


def explained(explored: Explored, architecture: Architecture, row: int, metric: str) -> Explanation:
    """Explain a prediction. Arguments and errors as for `judged`."""
    predictor = next((each for each in explored.predictors if metric in each.metrics), None)
    if predictor is None:
        raise ArchflowError(f"no predictor of {metric}; start with --predictor FOLDER")
    given = explored.table.select([checked_row(explored, row)])
    table = _reference(explored)
    if given.architectures[0] != architecture:
        given = _changed(predictor, explored, given, architecture, known_row(explored, architecture)).select([2])
    space = explored.space
    if space is not None and not within(architecture, space):
        space = None
    return predictor.explain(given, table=table, space=space, metric=metric)


def described(explored: Explored, architecture: Architecture, row: int) -> Table:
    """A table of this architecture alone, to be written: the row that has it, or the graph with what is predicted.

    Raises:
        ArchflowError: As `judged` does.
    """
    found = row if architecture == explored.table.architectures[row] else known_row(explored, architecture)
    if found is not None:
        return explored.table.select([found])
    columns = {}
    for each in judged(explored, architecture, row):
        mean, std, _ = ranking_columns([each.metric], 0)
        low, high = interval_columns(each.metric)
        columns |= {mean: [each.predicted], std: [each.std], low: [each.low], high: [each.high]}
    return Table(as_set(architecture), columns)


def alternatives(explored: Explored, architecture: Architecture, node: int) -> list[str]:
    """The operations that a node could have, its own included, as similar nodes of the table have them."""
    vocabulary = next((each.vocabulary for each in explored.predictors if each.vocabulary is not None), None)
    choices = Choices(architecture, _reference(explored).architectures, vocabulary)
    return sorted({architecture.ops[node], *choices.other_operations(node)})


def additions(explored: Explored) -> list[str]:
    """The operations of nodes with inputs and outputs that all predictors know: what a new node could be."""
    graphs = _reference(explored).architectures
    inner = (graphs.adjacency.degree > 0) & (graphs.adjacency.out_degree > 0)
    found = {graphs.vocabulary.ops[op] for op in np.unique(graphs.op[inner]).tolist()}
    known = [each.vocabulary for each in explored.predictors if each.vocabulary is not None]
    return sorted(op for op in found if all(op in vocabulary for vocabulary in known))


def usual_attributes(explored: Explored, op: Any) -> dict[str, float]:
    """The attributes that most nodes with an operation have in the table, with the middle one of their values."""
    graphs = _reference(explored).architectures
    if graphs.attributes is None or op not in graphs.vocabulary:
        return {}
    values = graphs.attributes[graphs.op == graphs.vocabulary.index(op)]
    there = np.isfinite(values)
    middle = {
        name: np.sort(values[there[:, column], column])
        for column, name in enumerate(graphs.attribute_names)
        if 2 * there[:, column].sum() > len(values)
    }
    return {name: float(each[len(each) // 2]) for name, each in middle.items()}


def _by(
    predictor: Predictor, explored: Explored, given: Table, changed: Architecture | None, found: int | None
) -> list[Judgement]:
    if changed is None:
        rows, place, base = given, 0, -1
    else:
        rows, place, base = _changed(predictor, explored, given, changed, found), 2, 0 if found is not None else 1
    mean, std = (part.reshape(len(rows), -1) for part in predictor.predict(rows))
    low, high = _ends(predictor, rows, explored.coverage, mean)
    nan = float("nan")
    return [
        Judgement(
            metric,
            nan
            if found is None or metric not in explored.table.metrics
            else float(explored.table.metric(metric)[found]),
            float(mean[place, column]),
            float(std[place, column]),
            float(low[place, column]),
            float(high[place, column]),
            nan if base < 0 else float(mean[base, column]),
        )
        for column, metric in enumerate(predictor.metrics)
    ]


def _changed(
    predictor: Predictor, explored: Explored, given: Table, architecture: Architecture, found: int | None
) -> Table:
    """The row, the row without its columns, and the changed architecture with those it has in the table."""
    own = list(explored.table.metrics)
    known = None if found is None else explored.table.select([found])
    context = predictor.context_columns
    made = Rows.of(given, as_set(architecture), known, own[0] if own else "", False, context)
    return made.table


def _ends(
    predictor: Predictor, rows: Table, coverage: float, mean: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        low, high = predictor.interval(rows, coverage)
    except ArchflowError:  # too few labels, as was said at the start
        return np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    return low.reshape(mean.shape), high.reshape(mean.shape)


def _reference(explored: Explored) -> Table:
    """The table, or even rows of it."""
    if len(explored) <= REFERENCE:
        return explored.table
    return explored.table.select(np.linspace(0, len(explored) - 1, REFERENCE).astype(np.int64))
