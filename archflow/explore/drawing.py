"""An architecture as elements of Cytoscape, in the layered layout of the reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from archflow.graph import Architecture
from archflow.predict.explain.explanation import Attribution
from archflow.report.explanation_drawing import STRONGEST, largest, placement
from archflow.report.graph_drawing import LABEL_SIZE, TERMINALS, ZERO_OPERATIONS, operation_hues
from archflow.report.layered import Point
from archflow.report.svg import shorten

Element = dict[str, Any]

LONGEST_LABEL = 170.0
LOWERS, RAISES = (43, 123, 196), (224, 123, 0)
INK, MUTED, RULE, PAPER, ACCENT = "#1b2027", "#5a6472", "#c9d0d9", "#ffffff", "#2b68b8"

STYLE: list[dict[str, Any]] = [
    {
        "selector": "node",
        "style": {
            **{"shape": "round-rectangle", "width": "data(width)", "height": "data(height)"},
            **{"label": "data(label)", "text-valign": "center", "text-halign": "center", "color": INK},
            **{"font-size": LABEL_SIZE, "font-family": "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"},
            **{"background-color": "data(fill)", "border-color": "data(line)", "border-width": 1},
        },
    },
    {
        "selector": "edge",
        "style": {
            **{"width": "data(width)", "line-color": "data(line)", "target-arrow-color": "data(line)"},
            **{"target-arrow-shape": "triangle", "arrow-scale": 0.8, "curve-style": "straight"},
            **{"source-endpoint": "data(leaves)", "target-endpoint": "data(enters)"},
        },
    },
    {
        "selector": "edge.routed",
        "style": {
            **{"curve-style": "segments", "edge-distances": "node-position"},
            **{"segment-weights": "data(weights)", "segment-distances": "data(distances)"},
        },
    },
    {"selector": ".none", "style": {"border-style": "dashed", "color": MUTED}},
    {"selector": "edge.faint", "style": {"opacity": 0.35}},
    {"selector": "node.changed", "style": {"border-width": 3, "border-color": ACCENT}},
    {"selector": "node:selected", "style": {"border-width": 3, "border-color": INK}},
]
"""The style sheet of Cytoscape: the colours of the reports."""


def elements(
    architecture: Architecture,
    shown: Attribution | None = None,
    before: Architecture | None = None,
    former: Sequence[int] = (),
) -> list[Element]:
    """The nodes and edges, with their positions.

    Args:
        architecture: What to draw.
        shown: Colours nodes and edges by how much a prediction depends on them; None for a colour for each operation.
        before: The architecture before edits; nodes that differ from it are marked.
        former: The number that each node had in it, -1 for a new one.
    """
    placed = placement(architecture)
    hues = operation_hues(architecture.ops)
    most = 1.0 if shown is None else largest(shown)
    centres = [(left + width / 2, top + height / 2) for left, top, width, height in placed.boxes.tolist()]
    found: list[Element] = []
    for node, (op, box) in enumerate(zip(architecture.ops, placed.boxes.tolist(), strict=True)):
        fill, line = _operation(op, hues) if shown is None else (_shade(shown.nodes[node], most), MUTED)
        label = shorten(f"{node} {op}", LONGEST_LABEL, LABEL_SIZE)
        data = {"id": f"n{node}", "node": node, "label": label, "fill": fill, "line": line}
        x, y = centres[node]
        classes = ["none"] if op in ZERO_OPERATIONS else []
        classes += ["changed"] if before is not None and _differs(architecture, before, former, node) else []
        data |= {"width": box[2], "height": box[3]}
        found.append({"data": data, "position": {"x": x, "y": y}, "classes": " ".join(classes)})
    for row, ((source, target), route) in enumerate(zip(architecture.edges, placed.routes, strict=True)):
        line, width = MUTED, 1.3
        if shown is not None and math.isfinite(shown.edges[row]):
            line = _shade(shown.edges[row], most, (90, 100, 114))
            width = 1.3 + 3 * min(abs(shown.edges[row]) / most, 1)
        faint = bool({architecture.ops[source], architecture.ops[target]} & ZERO_OPERATIONS)
        data = {"id": f"e{source}-{target}", "source": f"n{source}", "target": f"n{target}", "line": line}
        data |= {"width": width, **_routed(route, centres[source], centres[target])}
        classes = " ".join(["routed"] * ("weights" in data) + ["faint"] * faint)
        found.append({"data": data, "classes": classes})
    return found


def in_words(architecture: Architecture) -> str:
    """The graph for those who do not see it: every node, its operation, and where its data come from."""
    inputs: dict[int, list[int]] = {}
    for source, target in sorted(architecture.edges):
        inputs.setdefault(target, []).append(source)
    parts = [
        f"{node} {op}" + (f" from {', '.join(map(str, inputs[node]))}" if node in inputs else "")
        for node, op in enumerate(architecture.ops)
    ]
    return f"Graph of {len(architecture.ops)} nodes: {'; '.join(parts)}."


def _differs(after: Architecture, before: Architecture, former: Sequence[int], node: int) -> bool:
    """Whether a node, or an edge into it, is not as it was."""
    old = former[node]
    if old < 0 or after.ops[node] != before.ops[old]:
        return True
    for name, values in after.attributes.items():
        given = before.attributes.get(name)
        value = float("nan") if given is None else given[old]
        if values[node] != value and values[node] == values[node]:
            return True
    inputs = {former[source] for source, target in after.edges if target == node}
    return inputs != {source for source, target in before.edges if target == old}


def _operation(op: str, hues: Mapping[str, float]) -> tuple[str, str]:
    if op in hues:
        return f"hsl({hues[op]:.0f}, 62%, 91%)", f"hsl({hues[op]:.0f}, 48%, 46%)"
    return ("#f5f7f9", MUTED) if op in TERMINALS else (PAPER, RULE)


def _shade(value: float, most: float, from_: Sequence[int] = (255, 255, 255)) -> str:
    """Blue for what lowers the metric, orange for what raises it, as in the page of an explanation."""
    if not math.isfinite(value):
        return PAPER
    share = STRONGEST / 100 * min(abs(value) / most, 1)
    mixed = (round(a + (b - a) * share) for a, b in zip(from_, RAISES if value >= 0 else LOWERS, strict=True))
    return "rgb({}, {}, {})".format(*mixed)


def _routed(route: Sequence[Point], source: Point, target: Point) -> Element:
    """Ends of an edge relative to its boxes and, if it passes other layers, the bends of its way.

    Cytoscape places a bend by the part of the way between the two nodes, and the distance from that line.
    """
    (x0, y0), (x1, y1) = route[0], route[-1]
    ends = {
        "leaves": f"{x0 - source[0]:.1f}px {y0 - source[1]:.1f}px",
        "enters": f"{x1 - target[0]:.1f}px {y1 - target[1]:.1f}px",
    }
    dx, dy = target[0] - source[0], target[1] - source[1]
    length = math.hypot(dx, dy)
    if len(route) == 2 or not length:
        return ends
    along = [((x - source[0]) * dx + (y - source[1]) * dy) / length**2 for x, y in route[1:-1]]
    beside = [((x - source[0]) * -dy + (y - source[1]) * dx) / length for x, y in route[1:-1]]
    return {
        **ends,
        "weights": " ".join(f"{each:.4f}" for each in along),
        "distances": " ".join(f"{each:.1f}" for each in beside),
    }
