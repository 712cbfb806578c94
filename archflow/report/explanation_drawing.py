"""Drawings of architectures whose nodes and edges are coloured by how much a prediction depends on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from archflow.report.explanation_facts import AttributionFacts
from archflow.report.explanation_words import METHODS
from archflow.report.graph_drawing import LABEL_SIZE, Drawable, curve, framed, node_texts
from archflow.report.layered import Layout
from archflow.report.parts import layout_in_parts
from archflow.report.svg import element, escape, number, shorten, text_width

STRONGEST = 80
"""The most of its colour that a node is filled with, in per cent: text stays readable."""

LONGEST_LABEL = 170.0
"""Labels are cut to so many pixels."""


def draw_attribution(architecture: Drawable, method: str, attributions: Mapping[str, AttributionFacts]) -> str:
    """Draw an architecture as one SVG, coloured by one attribution.

    A node's number stands before its operation. On hover, a node or edge shows its numbers by every method. A node
    without a number has a dashed frame.

    Args:
        architecture: What to draw.
        method: The attribution that gives the colours.
        attributions: All attributions, by method.
    """
    shown, texts, labels = attributions[method], node_texts(architecture), _labels(architecture)
    placed = placement(architecture)
    most = largest(shown)
    parts = []
    for row, ((source, target), route) in enumerate(zip(architecture.edges, placed.routes, strict=True)):
        x, y = route[-1]
        kind, style = _shade(shown.edges[row], most)
        width = f";stroke-width:{1.3 + 3 * min(abs(shown.edges[row]) / most, 1):.1f}" if style else ""
        arrow = element("path", d=f"M{number(x - 3.5)} {number(y - 6)}h7l-3.5 6z", class_="arrow")
        line = element("path", d=curve([*route[:-1], (x, y - 5)]), class_=f"edge {kind}", style=style and style + width)
        title = _title(f"edge {source} → {target}", row, attributions, "edges")
        parts.append(element("g", title + line + arrow))
    boxes = zip(labels, placed.boxes.tolist(), strict=True)
    for node, (label, (left, top, width, height)) in enumerate(boxes):
        kind, style = _shade(shown.nodes[node], most)
        box = element("rect", x=left, y=top, width=width, height=height, rx=6)
        place = {"x": left + width / 2, "y": top + height / 2 + 4, "text_anchor": "middle"}
        title = _title(f"node {node}: {texts[node]}", node, attributions, "nodes")
        content = title + box + element("text", escape(label), **place)
        parts.append(element("g", content, class_=f"shaded {kind}", style=style))
    return framed(parts, placed, f"architecture of {len(architecture.ops)} operations, coloured by {METHODS[method]}")


def placement(architecture: Drawable) -> Layout:
    """Where nodes and edges are drawn: the disconnected parts of the architecture apart."""
    widths = [text_width(label, LABEL_SIZE) + 20 for label in _labels(architecture)]
    return layout_in_parts(widths, architecture.edges)


def _labels(architecture: Drawable) -> list[str]:
    """Number and operation; what attributes a node has shows on hover."""
    return [shorten(f"{node} {op}", LONGEST_LABEL, LABEL_SIZE) for node, op in enumerate(architecture.ops)]


def legend(shown: AttributionFacts, metric: str) -> str:
    """The scale of the colours."""
    most = f"{largest(shown):.3g}{f' {shown.unit}' if shown.unit else ''}"
    if not shown.signed:
        return _scale("one", "not critical, 0", f"critical, {most}")
    return _scale("both", f"lowers {metric}, -{most}", f"raises {metric}, +{most}")


def largest(shown: AttributionFacts) -> float:
    """The largest magnitude of a number, 1 without any."""
    known = [abs(value) for value in (*shown.nodes, *shown.edges) if math.isfinite(value)]
    return max(known, default=0.0) or 1.0


def _scale(kind: str, low: str, high: str) -> str:
    bar = element("span", "", class_=f"bar {kind}", role="img", aria_label=f"from {low} to {high}")
    return element("div", element("span", escape(low)) + bar + element("span", escape(high)), class_="legend")


def _shade(value: float, most: float) -> tuple[str, str | None]:
    """Class and style of what has this number."""
    if not math.isfinite(value):
        return "unknown", None
    kind = "raises" if value >= 0 else "lowers"
    return kind, f"--shade:{STRONGEST * min(abs(value) / most, 1):.0f}%"


def _title(what: str, row: int, attributions: Mapping[str, AttributionFacts], of: str) -> str:
    lines = [what]
    for method, each in attributions.items():
        values: Sequence[float] = getattr(each, of)
        if math.isfinite(values[row]):
            sign = "+" if each.signed else ""
            lines.append(f"{METHODS[method]}: {values[row]:{sign}.3g}{f' {each.unit}' if each.unit else ''}")
    return element("title", escape("\n".join(lines)))
