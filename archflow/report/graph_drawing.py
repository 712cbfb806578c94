"""Drawings of architectures: named operations as coloured boxes, data flowing from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archflow.errors import ArchflowError
from archflow.report.layered import Layout, Point, layered_layout
from archflow.report.svg import document, element, escape, number, shorten, text_width

LABEL_SIZE = 12.0
MAX_LABEL_WIDTH = 150.0
MARGIN = 6.0
TERMINALS = frozenset({"input", "output", "in", "out"})
ZERO_OPERATIONS = frozenset({"none", "zero", "zeroize"})


def operation_hues(operations: Sequence[str]) -> dict[str, float]:
    """A hue in degrees for each distinct operation, evenly spaced, the same for the same set of names."""
    names = sorted(set(operations) - TERMINALS - ZERO_OPERATIONS)
    return {name: round((215 + 360 * i / len(names)) % 360, 1) for i, name in enumerate(names)}


def layout(ops: Sequence[str], edges: Sequence[tuple[int, int]]) -> Layout:
    """Boxes wide enough for their labels, in layers. Raises ArchflowError for unknown nodes and for cycles."""
    return layered_layout([text_width(_label(op), LABEL_SIZE) + 20 for op in ops], edges)


def draw_architecture(
    ops: Sequence[str], edges: Sequence[tuple[int, int]], *, hues: Mapping[str, float] | None = None
) -> str:
    """The architecture as one SVG. `none` operations and the edges at them are faint: nothing flows there.

    `hues` (from `operation_hues`) gives several drawings the same colours; long names are cut, with the whole name
    on hover. Raises ArchflowError for an architecture without operations, for unknown nodes and for cycles.
    """
    if not len(ops):
        raise ArchflowError("an architecture without operations cannot be drawn; give at least one operation")
    hues = operation_hues(ops) if hues is None else hues
    placed = layout(ops, edges)
    parts = []
    for (source, target), route in zip(edges, placed.routes, strict=True):
        faint = ops[source] in ZERO_OPERATIONS or ops[target] in ZERO_OPERATIONS
        x, y = route[-1]
        arrow = element("path", d=f"M{number(x - 3.5)} {number(y - 6)}h7l-3.5 6z", class_="arrow")
        line = element("path", d=_curve([*route[:-1], (x, y - 5)]), class_="edge")
        parts.append(element("g", line + arrow, class_="faint" if faint else None))
    for op, (left, top, width, height) in zip(ops, placed.boxes.tolist(), strict=True):
        box = element("rect", x=left, y=top, width=width, height=height, rx=6)
        place = {"x": left + width / 2, "y": top + height / 2 + 4, "text_anchor": "middle"}
        text = element("text", escape(_label(op)), **place)
        kind = "none" if op in ZERO_OPERATIONS else "operation" if op in hues else "terminal"
        style = f"--hue:{hues[op]:g}" if kind == "operation" else None
        parts.append(element("g", element("title", escape(op)) + box + text, class_=kind, style=style))
    body = element("g", "".join(parts), transform=f"translate({number(MARGIN)} {number(MARGIN)})")
    description = f"architecture of {len(ops)} operations: {', '.join(ops)}"
    return document(placed.width + 2 * MARGIN, placed.height + 2 * MARGIN, body, description)


def _label(op: str) -> str:
    return shorten(op, MAX_LABEL_WIDTH, LABEL_SIZE)


def _curve(route: Sequence[Point]) -> str:
    """Path through a route: curves with upright ends between layers, straight lines past the layers skipped."""
    (x, y), d = route[0], [f"M{number(route[0][0])} {number(route[0][1])}"]
    for i, (to_x, to_y) in enumerate(route[1:]):
        middle = number((y + to_y) / 2)
        curve = f"C{number(x)} {middle} {number(to_x)} {middle} {number(to_x)} {number(to_y)}"
        d.append(curve if i % 2 == 0 else f"V{number(to_y)}")
        x, y = to_x, to_y
    return "".join(d)
