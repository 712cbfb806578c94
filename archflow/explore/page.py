"""The layout of the page: every control has a label, and what the map shows is also a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_cytoscape
from dash import dcc, html

from archflow.explore.drawing import STYLE
from archflow.explore.explored import MAP, Explored, predicted_columns
from archflow.explore.judging import additions
from archflow.explore.tables import aria
from archflow.graph.column_names import TABLE_ENDINGS

NEIGHBOURS = 20
"""How many nearest neighbours are selected unless the user says otherwise."""


BUTTONS_REMOVED = ["autoScale2d", "toImage", "sendChartToCloud"]
"""Nothing is sent from this machine."""


def page(explored: Explored) -> html.Div:
    """The whole page."""
    about = f"{len(explored):,} architectures"
    metrics = [metric for predictor in explored.predictors for metric in predictor.metrics]
    about += f", predicted {', '.join(metrics)}" if metrics else ", no predictor"
    return html.Div(
        [
            *(dcc.Store(id=name) for name in ("choice", "rule", "region", "current", "other")),
            html.A("To the table of what is selected", href="#table-title", className="skip"),
            html.Header([html.H1(explored.name), html.P(about, className="muted")]),
            html.Div(id="alert", role="alert", className="alert"),
            html.Main([_map(explored), _architecture(explored), _table(explored), _comparison(explored)]),
        ],
        className="page",
    )


def labelled(text: str, control: Any, kind: str = "") -> html.Div:
    """A control below its label.

    Dash names a dropdown by two elements: its value, and one called `ID-value-count`, which is the label here, so that
    a screen reader says both.
    """
    label = html.Label(text, htmlFor=control.id, id=f"{control.id}-value-count")
    return html.Div([label, control], className=f"field {kind}")


def _section(name: str, title: str, children: Sequence[Any]) -> html.Section:
    heading = html.H2(title, id=f"{name}-title", tabIndex="-1")
    return html.Section([heading, *children], id=name, className="section", **aria(labelledby=f"{name}-title"))


def _dropdown(name: str, options: Sequence[Any], value: Any = None, empty: str = "", **more: Any) -> dcc.Dropdown:
    return dcc.Dropdown(list(options), value, id=name, placeholder=empty, **more)


def _number(name: str, empty: str = "", **more: Any) -> dcc.Input:
    return dcc.Input(id=name, type="number", debounce=True, placeholder=empty, **more)


def _map(explored: Explored) -> html.Section:
    columns = [*explored.numbers, *explored.categories]
    first = next(iter([*predicted_columns(explored.predictors), *columns]), None)
    axes = [*MAP, *explored.numbers]
    look = html.Div(
        [
            labelled("Colour", _dropdown("colour", columns, first, "one colour"), "wide"),
            labelled("Across", _dropdown("across", axes, MAP[0], clearable=False), "wide"),
            labelled("Up", _dropdown("up", axes, MAP[1], clearable=False), "wide"),
        ],
        className="controls",
    )
    rule = html.Div(
        [
            labelled("Filter by", _dropdown("filter", columns, None, "all are shown"), "wide"),
            html.Div(
                [labelled("From", _number("low", "lowest")), labelled("To", _number("high", "highest"))],
                id="ends",
                className="pair",
                hidden=True,
            ),
            html.Div(labelled("Only", _dropdown("texts", [], None, "all", multi=True), "wide"), id="only", hidden=True),
            labelled("Name contains", dcc.Input(id="words", type="text", debounce=True, placeholder="any name")),
        ],
        className="controls",
    )
    graph = dcc.Graph(
        id="map",
        config={"displaylogo": False, "scrollZoom": True, "modeBarButtonsToRemove": BUTTONS_REMOVED},
        responsive=True,
    )
    hint = "Click a point to see its architecture; draw around points to select them. The table below does the same."
    return _section(
        "map-section",
        "Map",
        [
            look,
            rule,
            html.Div(graph, className="map", role="group", **aria(label="Map")),
            html.P(hint, className="muted"),
        ],
    )


def _architecture(explored: Explored) -> html.Section:
    choose = html.Div(
        [
            labelled("Row", dcc.Input(id="row", type="number", min=0, max=len(explored) - 1, step=1, debounce=True)),
            html.Button("Undo all edits", id="reset", className="button"),
            html.Button("Keep for comparison", id="keep", className="button"),
            html.Button("Download it", id="export-shown", className="button", disabled=True),
        ],
        className="controls",
    )
    space = explored.space
    stay = dcc.Checklist(
        [{"label": f" stay within {space.name}", "value": "stay"}] if space else [],
        ["stay"] if space else [],
        id="stay",
    )
    return _section(
        "architecture",
        "Architecture",
        [
            choose,
            html.P("Choose a point of the map, or type the number of a row.", id="called", className="called"),
            html.Div(graph("drawing", "14rem"), id="drawing-words", role="img"),
            html.Div(id="judgements", **aria(live="polite")),
            html.Fieldset([html.Legend("Edit"), *_edits(explored), stay], id="edits", disabled=True),
            html.P(id="done", role="status", className="muted"),
        ],
    )


def graph(name: str, height: str) -> dash_cytoscape.Cytoscape:
    """The drawing of an architecture."""
    return dash_cytoscape.Cytoscape(
        id=name,
        elements=[],
        stylesheet=STYLE,
        layout={"name": "preset", "fit": True, "padding": 12},
        style={"width": "100%", "height": height},
        autoungrabify=True,
        boxSelectionEnabled=False,
        maxZoom=1.6,
        responsive=True,
    )


def _edits(explored: Explored) -> list[html.Div]:
    return [
        html.Div(
            [
                labelled("Node", _dropdown("node", [], None, "choose a node"), "wide"),
                labelled("Operation", _dropdown("operation", [], None, "of this node", clearable=False), "wide"),
                html.Button("Change", id="change", className="button"),
                html.Button("Remove node", id="remove", className="button"),
            ],
            className="controls",
        ),
        html.Div(
            [
                labelled("Attribute", _dropdown("attribute", [], None, "of this node"), "wide"),
                labelled("Value", _number("value")),
                html.Button("Set", id="set", className="button"),
            ],
            className="controls",
            id="attributes",
            hidden=True,
        ),
        html.Div(
            [
                labelled("Edge from", _dropdown("source", [], None, "node"), "wide"),
                labelled("to", _dropdown("target", [], None, "node"), "wide"),
                html.Button("Add edge", id="connect", className="button"),
                html.Button("Remove edge", id="disconnect", className="button"),
            ],
            className="controls",
        ),
        html.Div(
            [
                labelled("New node", _dropdown("new", additions(explored), None, "operation"), "wide"),
                labelled("with data from", _dropdown("sources", [], None, "nodes", multi=True), "wide"),
                labelled("which go to", _dropdown("targets", [], None, "nodes", multi=True), "wide"),
                html.Button("Add node", id="add", className="button"),
            ],
            className="controls",
        ),
    ]


def _table(explored: Explored) -> html.Section:
    good = [*predicted_columns(explored.predictors)][:2]
    choose = html.Div(
        [
            labelled("Neighbours", _number("count", min=1, step=1, value=NEIGHBOURS)),
            html.Button("Select nearest", id="nearest", className="button"),
            labelled("Pareto front of", _dropdown("good", explored.numbers, good, "columns", multi=True), "widest"),
            html.Button("Select front", id="front", className="button"),
            html.Button("Select all", id="all", className="button"),
        ],
        className="controls",
    )
    export = html.Div(
        [
            labelled("File", _dropdown("ending", TABLE_ENDINGS, TABLE_ENDINGS[0], clearable=False)),
            html.Button("Download the selection", id="export", className="button main"),
            dcc.Download(id="download"),
        ],
        className="controls",
    )
    return _section(
        "table",
        "Selection",
        [choose, html.P(id="summary", role="status"), html.Div(id="rows", className="scroll"), export],
    )


def _comparison(explored: Explored) -> html.Section:
    metrics = [metric for predictor in explored.predictors for metric in predictor.metrics]
    ask = labelled(
        "Attributions of", _dropdown("metric", metrics, metrics[0] if metrics else None, "no predictor"), "wide"
    )
    sides = [
        html.Div(
            [
                html.H3(title),
                html.P(id=f"{side}-called", className="called"),
                html.Div(graph(f"{side}-drawing", "20rem"), id=f"{side}-words", role="img"),
                html.Div(id=f"{side}-facts"),
            ]
        )
        for side, title in (("other", "Kept"), ("current", "Shown above"))
    ]
    parts = [
        ask,
        html.P(id="legend", className="muted"),
        dcc.Loading(html.Div(sides, className="beside"), delay_show=400),
    ]
    return _section("comparison", "Comparison", parts)
