"""What happens when the user acts: plain functions of what the page holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from dash import Patch, dcc
from dash.exceptions import PreventUpdate

from archflow.errors import ArchflowError
from archflow.explore import drawing, edits, figures, tables
from archflow.explore.choosing import checked_row, chosen, filtered, written
from archflow.explore.explored import Explored
from archflow.explore.judging import alternatives, described, explained, judged, known_row, usual_attributes
from archflow.graph import Architecture
from archflow.predict.explain.explanation import Explanation

Json = Mapping[str, Any]

EDITS = {"change": "operation", "set": "attribute", "connect": "connect", "disconnect": "disconnect"}
EDITS |= {"add": "add", "remove": "remove"}
"""Buttons by name, with the kind of edit that each makes."""

NODES = ("node", "source", "target", "sources", "targets")
"""Controls of edits in which nodes are chosen by number."""


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
    return figures.map_figure(
        explored, filtered(explored, rule), colour, axes, _marks(explored, axes, choice, rule, current)
    )


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
    content = written(explored.table.select(chosen(explored, choice, rule)), ending)
    return dcc.send_bytes(content, f"{Path(explored.name).stem}-selection{ending}")


def export_shown(explored: Explored, current: Any, ending: str) -> Json:
    """The architecture that is shown as a file to download."""
    content = written(described(explored, Architecture.from_json(current), current["row"]), ending)
    return dcc.send_bytes(content, f"{Path(explored.name).stem}-shown{ending}")


def clicked_row(explored: Explored, click: Any, rule: Any) -> int:
    """The row of a point on the map."""
    point = click["points"][0]
    return int(filtered(explored, rule)[point["pointNumber"]])


def show(explored: Explored, row: Any) -> Json:
    """The state of the page for a row without edits."""
    architecture = explored.table.architectures[checked_row(explored, row)]
    same = list(range(len(architecture.ops)))
    return {"row": row, **architecture.to_json(), "former": same, "moved": same, "done": ""}


def edit(explored: Explored, button: str, current: Any, stay: bool, **given: Any) -> Json:
    """The state after an edit. Raises ArchflowError as `edits.edited`."""
    before, change = Architecture.from_json(current), {"kind": EDITS[button], **given}
    if button == "add":
        change |= {"op": given["new"], "attributes": usual_attributes(explored, given["new"])}
    after = edits.edited(before, change, explored.space if stay else None)
    judged(explored, after, current["row"])  # a predictor may not know the operation
    moved = edits.former_nodes(before, change)
    former = [current["former"][node] if node >= 0 else -1 for node in moved]
    words = edits.in_words(before, change)
    return {"row": current["row"], **after.to_json(), "former": former, "moved": moved, "done": words}


def renumbered(current: Any, given: Json) -> list[Any]:
    """What is chosen in the controls `NODES` after an edit: the same nodes; after a new node, that one alone."""
    moved = current["moved"]
    if -1 in moved:
        return [moved.index(-1), None, None, [], []]
    numbers = {old: node for node, old in enumerate(moved)}
    return [
        [numbers[node] for node in given[name] if node in numbers]
        if isinstance(given[name], list)
        else numbers.get(given[name])
        for name in NODES
    ]


def view(explored: Explored, current: Any) -> dict[str, Any]:
    """What the page shows of the current architecture, by the output's name."""
    if current is None:
        raise PreventUpdate
    architecture, before = Architecture.from_json(current), explored.table.architectures[current["row"]]
    nodes = [{"label": f"{node} {op}", "value": node} for node, op in enumerate(architecture.ops)]
    return {
        "called": called(explored, architecture, current["row"]),
        "elements": drawing.elements(architecture, before=before, former=current["former"]),
        "words": drawing.in_words(architecture),
        "judgements": tables.judgements(explored, judged(explored, architecture, current["row"])),
        "disabled": [False, False],
        "nodes": nodes,
        "ends": [nodes] * 4,
        "done": current["done"],
        "bare": not architecture.attributes,
    }


def called(explored: Explored, architecture: Architecture, row: int) -> str:
    """The architecture's name; for an edited one, which row has it, if any."""
    name = explored.table.called(row)
    if architecture == explored.table.architectures[row]:
        return f"row {row}: {name}"
    found = known_row(explored, architecture)
    return f"row {row}, edited: " + (
        "not in the table" if found is None else f"as row {found}: {explored.table.called(found)}"
    )


def node_choices(explored: Explored, node: Any, current: Any) -> tuple[Any, ...]:
    """For the chosen node: its possible operations, its own one, its attributes, and one of them."""
    if current is None or node is None or node >= len(current["ops"]):
        return [], None, [], None
    architecture = Architecture.from_json(current)
    names = [name for name, values in architecture.attributes.items() if values[node] == values[node]]
    return alternatives(explored, architecture, node), architecture.ops[node], names, names[0] if names else None


def compare(explored: Explored, other: Any, current: Any, metric: str | None) -> dict[str, Any]:
    """Two architectures side by side, coloured by what the prediction depends on."""
    found: dict[str, Any] = {"legend": "Press “Keep for comparison” above; what is shown next is compared with it."}
    for side, state in (("other", other), ("current", current)):
        if other is None or state is None:
            found[side] = ("", [], "", "")
            continue
        architecture = Architecture.from_json(state)
        why = explained(explored, architecture, state["row"], metric) if metric else None
        shown = None if why is None else why.attributions["counterfactual"]
        words = drawing.in_words(architecture)
        name = called(explored, architecture, state["row"])
        found[side] = (
            name,
            drawing.elements(architecture, shown),
            words,
            "" if why is None else tables.attributions(why),
        )
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
