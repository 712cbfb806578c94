"""Tables of the page: what is selected, what is predicted, and what a prediction depends on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html
from numpy.typing import NDArray

from archflow.explore.explored import Explored
from archflow.explore.judging import Judgement
from archflow.predict.base import interval_columns
from archflow.predict.explain.explanation import Explanation
from archflow.report.explanation_words import METHODS, with_spread

LISTED = 50
"""The maximum number of rows in the table of the selection."""

COLUMNS = 5
"""The maximum number of its columns of numbers."""


def aria(**names: str) -> dict[str, Any]:
    """Properties for screen readers, named without `aria-`."""
    return {f"aria-{name}": value for name, value in names.items()}


def selection(explored: Explored, rows: NDArray[np.int64], colour: str | None) -> html.Table:
    """The selected rows, the best in the colour first, each with a button that shows it."""
    shown = [name for name in (colour, *explored.numbers) if name is not None and name in explored.table.metrics]
    shown = list(dict.fromkeys(shown))[:COLUMNS]
    if colour is not None and colour in shown:
        values = explored.sign(colour) * explored.values(colour)[rows]
        rows = rows[np.argsort(-np.where(np.isfinite(values), values, -np.inf), kind="stable")]
    rows = rows[:LISTED]
    texts = [colour] if colour is not None and colour in explored.categories else []
    some = explored.table.select(rows)
    columns = [some.texts(name) for name in texts] + [[_figure(v) for v in some.metrics[name]] for name in shown]
    lines = []
    for place, row in enumerate(rows.tolist()):
        name = some.called(place)
        button = html.Button(
            f"{row}",
            id={"kind": "show", "row": row},
            className="link",
            **aria(label=f"Show row {row}, {name[:60]}"),
        )
        cells = [html.Td(column[place] or "") for column in columns]
        lines.append(html.Tr([html.Th(button, scope="row"), *cells, html.Td(name, className="name")]))
    return _table(["row", *texts, *shown, "architecture"], lines, "Selected architectures")


def judgements(explored: Explored, found: Sequence[Judgement]) -> Any:
    """Predictions and their intervals, as numbers and as bars on the scale of the whole table."""
    if not found:
        return html.P("No predictor: start with --predictor FOLDER to see predictions.", className="muted")
    lines = []
    for each in found:
        change = each.predicted - each.before
        ends = f"{each.low:.4g} to {each.high:.4g}" if math.isfinite(each.low + each.high) else "too few labels"
        cells = [
            _figure(each.measured, "not measured"),
            with_spread(each.predicted, each.std),
            [ends, _bar(explored, each)],
            f"{change:+.3g}" if math.isfinite(change) else "",
        ]
        lines.append(html.Tr([html.Th(each.metric, scope="row"), *map(html.Td, cells)]))
    heads = ["metric", "measured", "predicted", f"{100 * explored.coverage:g} % interval", "by edits"]
    return html.Div(_table(heads, lines, "Predictions"), className="scroll")


def _bar(explored: Explored, each: Judgement) -> html.Div:
    """The interval as a bar, with the prediction, the one before edits (hollow), and the measurement (a dot)."""
    names = (f"predicted_{each.metric}", *interval_columns(each.metric))
    known = [explored.values(name) for name in names if name in explored.table.metrics]
    own = [each.measured, each.predicted, each.low, each.high, each.before]
    low, high = (end([*(end(column) for column in known), *own]) for end in (np.nanmin, np.nanmax))
    width = (high - low) or 1.0

    def place(value: float) -> str:
        return f"{100 * (value - low) / width:.1f}%"

    marks = []
    if math.isfinite(each.low + each.high):
        width_of_bar = f"{100 * (each.high - each.low) / width:.1f}%"
        marks.append(html.Span(className="interval", style={"left": place(each.low), "width": width_of_bar}))
    for kind, value in (("before", each.before), ("predicted", each.predicted), ("measured", each.measured)):
        if math.isfinite(value):
            marks.append(html.Span(className=kind, style={"left": place(value)}))
    return html.Div(marks, className="bar", **aria(hidden="true"))


def attributions(found: Explanation) -> Any:
    """What each node adds by every method, and the best and worst single changes."""
    methods = list(found.attributions)
    lines = [
        html.Tr(
            [
                html.Th(f"{node} {op}", scope="row"),
                *(html.Td(_figure(found.attributions[method].nodes[node], sign="+")) for method in methods),
            ]
        )
        for node, op in enumerate(found.ops)
    ]
    best = found.changes[0] if found.changes else None
    parts: list[Any] = [html.P(f"predicted {found.metric}: {with_spread(found.prediction, found.std)}")]
    if best is not None:
        effect = with_spread(best.effect.value, best.effect.std, sign=True)
        parts.append(html.P(f"best change: {best.text}, {effect}{found.unit and ' ' + found.unit}"))
    heads = ["node", *(METHODS[method] for method in methods)]
    return [*parts, html.Div(_table(heads, lines, f"Attributions of {found.metric}"), className="scroll")]


def _table(heads: Sequence[str], lines: Sequence[html.Tr], caption: str) -> html.Table:
    head = html.Thead(html.Tr([html.Th(each, scope="col") for each in heads]))
    return html.Table([html.Caption(caption, className="unseen"), head, html.Tbody(list(lines))])


def _figure(value: float, missing: str = "", sign: str = "") -> str:
    return f"{value:{sign}.4g}" if math.isfinite(value) else missing
