"""What happens when the user acts: plain functions of what the page holds, and their connection to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dash
import numpy as np
from dash import ALL, Input, Output, Patch, State, ctx, dcc, no_update

from archflow.errors import ArchflowError
from archflow.explore import drawing, edits, figures, tables
from archflow.explore.choosing import checked_row, chosen, filtered, written
from archflow.explore.explored import Explored
from archflow.explore.judging import alternatives, explained, judged, known_row
from archflow.graph import Architecture
from archflow.predict.explain.explanation import Explanation

Json = Mapping[str, Any]

REGION = "d => d && (d.lassoPoints || d.range) ? (d.lassoPoints || d.range) : null"
"""In the browser: only the outline of a selection is sent, never its points."""

EDITS = {"change": "operation", "set": "attribute", "connect": "connect", "disconnect": "disconnect"}
"""Buttons by name, with the kind of edit that each makes."""


def rule_of(explored: Explored, column: str | None, low: Any, high: Any, texts: Any, words: Any) -> tuple[Any, ...]:
    """The rule of the filter, whether its ends and its texts are hidden, and the texts to choose from."""
    category = column in explored.categories
    rule = {"column": column, "low": low, "high": high, "texts": texts, "words": words}
    return rule, category or not column, not category, explored.categories.get(column or "", [])


def draw_map(
    explored: Explored, colour: str | None, across: str, up: str, rule: Any, choice: Any, current: Any
) -> dict[str, Any]:
    """The figure of the map."""
    axes = (across, up)
    return figures.map_figure(explored, filtered(explored, rule), colour, axes, _marks(explored, axes, choice, rule, current))


def mark_map(explored: Explored, choice: Any, current: Any, across: str, up: str, rule: Any) -> Patch:
    """The marks above the points, as a change of the figure: the points themselves are not sent again."""
    change = Patch()
    for place, trace in enumerate(_marks(explored, (across, up), choice, rule, current), 1):
        change["data"][place] = trace
    return change


def choose(
    trigger: str | None, region: Any, axes: Sequence[str], current: Any, count: Any, good: Sequence[str] | None
) -> Json | None:
    """What is selected, after a region was drawn or a button pressed.

    Raises:
        ArchflowError: If the button needs what the user has not chosen.
    """
    if trigger == "region" and region:
        return {"kind": "region", "axes": list(axes), "x": region["x"], "y": region["y"]}
    if trigger == "nearest":
        if current is None:
            raise ArchflowError("nearest to what? Choose an architecture first")
        return {"kind": "nearest", "row": current["row"], "count": int(count or 1)}
    if trigger == "front":
        if not good:
            raise ArchflowError("Pareto front: choose the columns that should be good")
        return {"kind": "front", "columns": list(good)}
    return None


def list_selection(explored: Explored, choice: Any, rule: Any, colour: str | None) -> tuple[Any, str]:
    """The table of the selection, and its size in words."""
    rows = chosen(explored, choice, rule)
    words = f"{len(rows):,} of {len(explored):,} architectures are selected"
    if choice and choice["kind"] == "front":
        wanted = (f"{'high' if explored.sign(name) > 0 else 'low'} {name}" for name in choice["columns"])
        words += f": no other one is better in {' and '.join(wanted)}"
    if choice and choice["kind"] == "nearest":
        words += f": row {choice['row']} and its nearest neighbours"
    if len(rows) > tables.LISTED:
        words += f"; the table lists {tables.LISTED}, a file has all of them"
    return tables.selection(explored, rows, colour), f"{words}."


def export(explored: Explored, choice: Any, rule: Any, ending: str) -> Json:
    """The selection as a file to download."""
    content = written(explored, chosen(explored, choice, rule), ending)
    return dcc.send_bytes(content, f"{Path(explored.name).stem}-selection{ending}")


def clicked_row(explored: Explored, click: Any, rule: Any) -> int:
    """The row of a point on the map."""
    point = click["points"][0]
    return int(filtered(explored, rule)[point["pointNumber"]])


def show(explored: Explored, row: Any) -> Json:
    """The state of the page for a row without edits."""
    checked_row(explored, row)
    return {"row": row, **edits.to_json(explored.table.architectures[row])}


def edit(explored: Explored, button: str, current: Any, stay: bool, **given: Any) -> Json:
    """The state after an edit. Raises ArchflowError as `edits.edited`."""
    after = edits.edited(
        edits.of_json(current), {"kind": EDITS[button], **given}, explored.space if stay else None
    )
    judged(explored, after, current["row"])  # a predictor may not know the operation
    return {"row": current["row"], **edits.to_json(after)}


def view(explored: Explored, current: Any) -> dict[str, Any]:
    """What the page shows of the current architecture, by the output's name."""
    if current is None:
        raise dash.exceptions.PreventUpdate
    architecture, before = edits.of_json(current), explored.table.architectures[current["row"]]
    nodes = [{"label": f"{node} {op}", "value": node} for node, op in enumerate(architecture.ops)]
    return {
        "called": called(explored, architecture, current["row"]),
        "elements": drawing.elements(architecture, before=before),
        "words": drawing.in_words(architecture),
        "judgements": tables.judgements(explored, judged(explored, architecture, current["row"])),
        "disabled": False,
        "nodes": nodes,
        "sources": nodes,
        "targets": nodes,
        "bare": not architecture.attributes,
    }


def called(explored: Explored, architecture: Architecture, row: int) -> str:
    """The architecture's name; for an edited one, which row has it, if any."""
    name = explored.table.called(row)
    if architecture == explored.table.architectures[row]:
        return f"row {row}: {name}"
    found = known_row(explored, architecture)
    return f"row {row}, edited: " + ("not in the table" if found is None else f"as row {found}: {explored.table.called(found)}")


def node_choices(explored: Explored, node: Any, current: Any) -> tuple[Any, ...]:
    """For the chosen node: its possible operations, its own one, its attributes, and one of them."""
    if current is None or node is None or node >= len(current["ops"]):
        return [], None, [], None
    architecture = edits.of_json(current)
    names = [name for name, values in architecture.attributes.items() if values[node] == values[node]]
    return alternatives(explored, architecture, node), architecture.ops[node], names, names[0] if names else None


def compare(explored: Explored, other: Any, current: Any, metric: str | None) -> dict[str, Any]:
    """Two architectures side by side, coloured by what the prediction depends on."""
    found: dict[str, Any] = {"legend": "Press “Keep for comparison” above; what is shown next is compared with it."}
    for side, state in (("other", other), ("current", current)):
        if other is None or state is None:
            found[side] = ("", [], "", "")
            continue
        architecture = edits.of_json(state)
        why = explained(explored, architecture, state["row"], metric) if metric else None
        shown = None if why is None else why.attributions["counterfactual"]
        words = drawing.in_words(architecture)
        name = called(explored, architecture, state["row"])
        found[side] = (name, drawing.elements(architecture, shown), words, "" if why is None else tables.attributions(why))
        found["legend"] = _legend(why)
    return found


def _legend(why: Explanation | None) -> str:
    if why is None:
        return "Without a predictor there is nothing to explain; colours stand for operations."
    about = why.attributions["counterfactual"].about
    return f"Orange raises {why.metric}, blue lowers it: {about}. {' '.join(f'{note}.' for note in why.notes)}".strip()


def _marks(explored: Explored, axes: Sequence[str], choice: Any, rule: Any, current: Any) -> list[figures.Trace]:
    none = np.zeros(0, np.int64)
    kind = choice["kind"] if choice else ""
    rows = chosen(explored, choice, rule) if kind in ("nearest", "front") else none
    row = None if current is None else current["row"]
    near, front = (rows if kind == wanted else none for wanted in ("nearest", "front"))
    return figures.marks(explored, axes, near, front, row)


def connect(app: dash.Dash, explored: Explored) -> None:
    """Connect the page to the functions of this module."""
    alert = Output("alert", "children", allow_duplicate=True)
    axes = (State("across", "value"), State("up", "value"))
    app.callback(
        *(Output("rule", "data"), Output("ends", "hidden"), Output("only", "hidden"), Output("texts", "options")),
        *(Input("filter", "value"), Input("low", "value"), Input("high", "value")),
        *(Input("texts", "value"), Input("words", "value")),
    )(partial(rule_of, explored))
    app.callback(
        Output("map", "figure"),
        *(Input("colour", "value"), Input("across", "value"), Input("up", "value"), Input("rule", "data")),
        *(State("choice", "data"), State("current", "data")),
    )(partial(draw_map, explored))
    app.callback(
        Output("map", "figure", allow_duplicate=True),
        *(Input("choice", "data"), Input("current", "data"), *axes, State("rule", "data")),
        prevent_initial_call=True,
    )(partial(mark_map, explored))
    app.clientside_callback(REGION, Output("region", "data"), Input("map", "selectedData"), prevent_initial_call=True)

    @app.callback(
        *(Output("choice", "data"), alert),
        *(Input("region", "data"), Input("nearest", "n_clicks"), Input("front", "n_clicks"), Input("all", "n_clicks")),
        *(State("current", "data"), State("count", "value"), State("good", "value"), *axes),
        prevent_initial_call=True,
    )
    def _choose(region, _near, _front, _all, current, count, good, across, up):
        return choose(ctx.triggered_id, region, (across, up), current, count, good), ""

    app.callback(
        *(Output("rows", "children"), Output("summary", "children")),
        *(Input("choice", "data"), Input("rule", "data"), Input("colour", "value")),
    )(partial(list_selection, explored))

    @app.callback(
        *(Output("download", "data"), alert, Input("export", "n_clicks")),
        *(State("choice", "data"), State("rule", "data"), State("ending", "value")),
        prevent_initial_call=True,
    )
    def _export(_clicks, choice, rule, ending):
        return export(explored, choice, rule, ending), ""

    @app.callback(
        *(Output("current", "data"), Output("row", "value"), alert),
        *(Input("map", "clickData"), Input({"kind": "show", "row": ALL}, "n_clicks"), Input("row", "value")),
        *(Input("reset", "n_clicks"), State("rule", "data"), State("current", "data")),
        prevent_initial_call=True,
    )
    def _show(click, _buttons, row, _reset, rule, current):
        trigger = ctx.triggered_id
        if not any(each["value"] for each in ctx.triggered) and trigger != "row":
            raise dash.exceptions.PreventUpdate  # buttons of a new table, not pressed yet
        if trigger == "map":
            row = clicked_row(explored, click, rule)
        elif trigger == "reset":
            row = None if current is None else current["row"]
        elif trigger != "row":
            row = trigger["row"]
        if row is None:
            raise dash.exceptions.PreventUpdate
        return show(explored, row), row, ""

    @app.callback(
        *(Output("current", "data", allow_duplicate=True), alert, *(Input(name, "n_clicks") for name in EDITS)),
        *(State("current", "data"), State("stay", "value")),
        *(State(name, "value") for name in ("node", "operation", "attribute", "value", "source", "target")),
        prevent_initial_call=True,
    )
    def _edit(*given):
        current, stay, node, op, name, value, source, target = given[len(EDITS) :]
        about = {"node": node, "op": op, "name": name, "value": value, "source": source, "target": target}
        return edit(explored, ctx.triggered_id, current, bool(stay), **about), ""

    app.callback(
        {
            "called": Output("called", "children"),
            "elements": Output("drawing", "elements"),
            "words": Output("drawing-words", "aria-label"),
            "judgements": Output("judgements", "children"),
            "disabled": Output("edits", "disabled"),
            "nodes": Output("node", "options"),
            "sources": Output("source", "options"),
            "targets": Output("target", "options"),
            "bare": Output("attributes", "hidden"),
        },
        Input("current", "data"),
    )(partial(view, explored))
    app.callback(
        *(Output("operation", "options"), Output("operation", "value")),
        *(Output("attribute", "options"), Output("attribute", "value")),
        *(Input("node", "value"), Input("current", "data")),
    )(partial(node_choices, explored))
    app.clientside_callback(
        "d => d ? d.node : window.dash_clientside.no_update", Output("node", "value"), Input("drawing", "tapNodeData")
    )

    @app.callback(
        *(Output("value", "value"), Input("attribute", "value"), Input("node", "value"), Input("current", "data"))
    )
    def _value(name, node, current):
        known = current is not None and node is not None and name in current["attributes"]
        return current["attributes"][name][node] if known else no_update

    @app.callback(Output("other", "data"), Input("keep", "n_clicks"), State("current", "data"), prevent_initial_call=True)
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
    )(partial(compare, explored))
