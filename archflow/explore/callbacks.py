"""The connection of the page to what happens when the user acts."""

from __future__ import annotations

from functools import partial

import dash
from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from archflow.explore import actions
from archflow.explore.explored import Explored

REGION = "d => d && (d.lassoPoints || d.range) ? (d.lassoPoints || d.range) : null"
"""In the browser: only the outline of a selection is sent, never its points."""


ALERT = Output("alert", "children", allow_duplicate=True)
GIVEN = {"operation": "op", "attribute": "name"} | {name: name for name in ("value", "new", *actions.NODES)}
"""The controls of edits, with the names of what they give."""
AXES = (State("across", "value"), State("up", "value"))


def connect(app: dash.Dash, explored: Explored) -> None:
    """Connect all parts of the page to the functions of `actions`."""
    for part in (_map, _selection, _shown, _edits, _comparison):
        part(app, explored)


def _map(app: dash.Dash, explored: Explored) -> None:
    app.callback(
        *(Output("rule", "data"), Output("ends", "hidden"), Output("only", "hidden"), Output("texts", "options")),
        *(Input("filter", "value"), Input("low", "value"), Input("high", "value")),
        *(Input("texts", "value"), Input("words", "value")),
    )(partial(actions.rule_of, explored))
    app.callback(
        Output("map", "figure"),
        *(Input("colour", "value"), Input("across", "value"), Input("up", "value"), Input("rule", "data")),
        *(State("choice", "data"), State("current", "data")),
    )(partial(actions.draw_map, explored))
    app.callback(
        Output("map", "figure", allow_duplicate=True),
        *(Input("choice", "data"), Input("current", "data"), *AXES, State("rule", "data")),
        prevent_initial_call=True,
    )(partial(actions.mark_map, explored))
    app.clientside_callback(REGION, Output("region", "data"), Input("map", "selectedData"), prevent_initial_call=True)


def _selection(app: dash.Dash, explored: Explored) -> None:
    @app.callback(
        *(Output("choice", "data"), ALERT),
        *(Input("region", "data"), Input("nearest", "n_clicks"), Input("front", "n_clicks"), Input("all", "n_clicks")),
        *(State("current", "data"), State("count", "value"), State("good", "value"), *AXES),
        prevent_initial_call=True,
    )
    def _choose(region, _near, _front, _all, current, count, good, across, up):
        return actions.choose(ctx.triggered_id, region, (across, up), current, count, good), ""

    app.callback(
        *(Output("rows", "children"), Output("summary", "children")),
        *(Input("choice", "data"), Input("rule", "data"), Input("colour", "value")),
    )(partial(actions.list_selection, explored))

    @app.callback(
        *(Output("download", "data"), ALERT, Input("export", "n_clicks")),
        *(State("choice", "data"), State("rule", "data"), State("ending", "value")),
        prevent_initial_call=True,
    )
    def _export(_clicks, choice, rule, ending):
        return actions.export(explored, choice, rule, ending), ""

    @app.callback(
        *(Output("download", "data", allow_duplicate=True), ALERT, Input("export-shown", "n_clicks")),
        *(State("current", "data"), State("ending", "value")),
        prevent_initial_call=True,
    )
    def _export_shown(_clicks, current, ending):
        return actions.export_shown(explored, current, ending), ""


def _shown(app: dash.Dash, explored: Explored) -> None:
    @app.callback(
        *(Output("current", "data"), Output("row", "value"), ALERT),
        *(Input("map", "clickData"), Input({"kind": "show", "row": ALL}, "n_clicks"), Input("row", "value")),
        *(Input("reset", "n_clicks"), State("rule", "data"), State("current", "data")),
        prevent_initial_call=True,
    )
    def _show(click, _buttons, row, _reset, rule, current):
        trigger = ctx.triggered_id
        if not any(each["value"] for each in ctx.triggered) and trigger != "row":
            raise PreventUpdate  # buttons of a new table, not pressed yet
        if trigger == "map":
            row = actions.clicked_row(explored, click, rule)
        elif trigger == "reset":
            row = None if current is None else current["row"]
        elif isinstance(trigger, dict):  # a button of the table
            row = trigger["row"]
        if row is None:
            raise PreventUpdate
        return actions.show(explored, row), row, ""

    app.callback(
        {
            "called": Output("called", "children"),
            "elements": Output("drawing", "elements"),
            "words": Output("drawing-words", "aria-label"),
            "judgements": Output("judgements", "children"),
            "disabled": [Output("edits", "disabled"), Output("export-shown", "disabled")],
            "nodes": Output("node", "options"),
            "ends": [Output(name, "options") for name in ("source", "target", "sources", "targets")],
            "done": Output("done", "children"),
            "bare": Output("attributes", "hidden"),
        },
        Input("current", "data"),
    )(partial(actions.view, explored))


def _edits(app: dash.Dash, explored: Explored) -> None:
    @app.callback(
        *(Output("current", "data", allow_duplicate=True), ALERT),
        *(Output(name, "value", allow_duplicate=name == "node") for name in actions.NODES),
        *(Input(name, "n_clicks") for name in actions.EDITS),
        *(State("current", "data"), State("stay", "value")),
        *(State(name, "value") for name in GIVEN),
        prevent_initial_call=True,
    )
    def _edit(*given):
        current, stay, *values = given[len(actions.EDITS) :]
        about = dict(zip(GIVEN.values(), values, strict=True))
        after = actions.edit(explored, str(ctx.triggered_id), current, bool(stay), **about)
        return after, "", *actions.renumbered(after, about)

    app.callback(
        *(Output("operation", "options"), Output("operation", "value")),
        *(Output("attribute", "options"), Output("attribute", "value")),
        *(Input("node", "value"), Input("current", "data")),
    )(partial(actions.node_choices, explored))
    app.clientside_callback(
        "d => d ? d.node : window.dash_clientside.no_update", Output("node", "value"), Input("drawing", "tapNodeData")
    )

    @app.callback(
        *(Output("value", "value"), Input("attribute", "value"), Input("node", "value"), Input("current", "data"))
    )
    def _value(name, node, current):
        if current is None or node is None or name not in current["attributes"]:
            return no_update
        return current["attributes"][name][node]


def _comparison(app: dash.Dash, explored: Explored) -> None:
    @app.callback(
        Output("other", "data"), Input("keep", "n_clicks"), State("current", "data"), prevent_initial_call=True
    )
    def _keep(_clicks, current):
        return current

    def side(name: str) -> tuple[Output, ...]:
        return (
            *(Output(f"{name}-called", "children"), Output(f"{name}-drawing", "elements")),
            *(Output(f"{name}-words", "aria-label"), Output(f"{name}-facts", "children")),
        )

    app.callback(
        {"legend": Output("legend", "children"), "other": side("other"), "current": side("current")},
        *(Input("other", "data"), Input("current", "data"), Input("metric", "value")),
    )(partial(actions.compare, explored))
