"""Drawings of architectures: named operations as coloured boxes, data flowing from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Protocol
from urllib.parse import quote

from archflow.errors import ArchflowError
from archflow.report.layered import Layout, Point, layered_layout
from archflow.report.svg import element, escape, number, shorten, text_width

LABEL_SIZE = 12.0
MAX_LABEL_WIDTH = 150.0
MARGIN = 6.0
TERMINALS = frozenset({"input", "output", "in", "out"})
ZERO_OPERATIONS = frozenset({"none", "zero", "zeroize"})


def operation_hues(operations: Sequence[str]) -> dict[str, float]:
    """A hue in degrees for each distinct operation, evenly spaced, the same for the same set of names."""
    names = sorted(set(operations) - TERMINALS - ZERO_OPERATIONS)
    return {name: round((215 + 360 * i / len(names)) % 360, 1) for i, name in enumerate(names)}


class Drawable(Protocol):
    """What a drawing needs to know of an architecture; `archflow.Architecture` has it."""

    @property
    def ops(self) -> Sequence[str]: ...
    @property
    def edges(self) -> Sequence[tuple[int, int]]: ...
    @property
    def attributes(self) -> Mapping[str, Sequence[float]]: ...


class Drawables(Protocol):
    """Architectures by position; `archflow.ArchitectureSet` and a list are such."""

    def __getitem__(self, index: int, /) -> Drawable: ...


def node_texts(architecture: Drawable) -> list[str]:
    """What each node is, in full: its operation and the attributes that apply to it."""
    texts = []
    for node, op in enumerate(architecture.ops):
        values = ((name, column[node]) for name, column in architecture.attributes.items())
        texts.append(", ".join([op, *(f"{name} {value:g}" for name, value in values if value == value)]))
    return texts


def layout(architecture: Drawable) -> Layout:
    """Boxes wide enough for their labels, in layers.

    Raises:
        ArchflowError: If an edge names an unknown node, or there is a cycle.
    """
    labels = [_label(text) for text in node_texts(architecture)]
    return layered_layout([text_width(label, LABEL_SIZE) + 20 for label in labels], architecture.edges)


def draw_architecture(architecture: Drawable, hues: Mapping[str, float] | None = None) -> str:
    """The architecture as one SVG. `none` operations and the edges at them are faint: nothing flows there.

    Long names are cut; the whole text of a node shows on hover.

    Args:
        architecture: What to draw.
        hues: From `operation_hues`, so that several drawings have the same colours.

    Raises:
        ArchflowError: If there is no operation, an edge names an unknown node, or there is a cycle.
    """
    ops, edges = architecture.ops, architecture.edges
    if not len(ops):
        raise ArchflowError("an architecture without operations cannot be drawn; give at least one operation")
    hues = operation_hues(ops) if hues is None else hues
    placed, texts = layout(architecture), node_texts(architecture)
    parts = []
    for (source, target), route in zip(edges, placed.routes, strict=True):
        faint = ops[source] in ZERO_OPERATIONS or ops[target] in ZERO_OPERATIONS
        parts.append(element("g", arrow(route), class_="faint" if faint else None))
    for op, full, (left, top, width, height) in zip(ops, texts, placed.boxes.tolist(), strict=True):
        box = element("rect", x=left, y=top, width=width, height=height, rx=6)
        place = {"x": left + width / 2, "y": top + height / 2 + 4, "text_anchor": "middle"}
        text = element("text", escape(_label(full)), **place)
        kind = "none" if op in ZERO_OPERATIONS else "operation" if op in hues else "terminal"
        style = f"--hue:{hues[op]:g}" if kind == "operation" else None
        parts.append(element("g", element("title", escape(full)) + box + text, class_=kind, style=style))
    return framed(parts, placed, f"architecture of {len(ops)} operations: {', '.join(ops)}")


def framed(parts: Sequence[str], placed: Layout, label: str, kind: str = "drawing") -> str:
    """The SVG around the elements of a drawing.

    Args:
        parts: The elements, in the coordinates of the layout.
        placed: The layout, whose size is that of the drawing without its margin.
        label: What the drawing shows, for those who do not see it.
        kind: The CSS classes.
    """
    body = element("g", "".join(parts), transform=f"translate({number(MARGIN)} {number(MARGIN)})")
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    return element(
        "svg",
        body,
        xmlns="http://www.w3.org/2000/svg",
        class_=kind,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
    )


def arrow(route: Sequence[Point]) -> str:
    """An edge along a route of `layered_layout`, with its head."""
    x, y = route[-1]
    line = element("path", d=curve([*route[:-1], (x, y - 5)]), class_="edge")
    return line + element("path", d=f"M{number(x - 3.5)} {number(y - 6)}h7l-3.5 6z", class_="arrow")


@cache
def drawing_style() -> str:
    """The style sheet of the drawings."""
    return (files("archflow.report") / "drawing.css").read_text(encoding="utf-8")


def as_data_uri(drawing: str) -> str:
    """A drawing with its style sheet as an address that holds the image itself."""
    rules = "".join(line for line in drawing_style().splitlines() if not line.startswith("/*"))
    opening, rest = drawing.split(">", 1)
    # Apostrophes need no escape in the address; the text between them has none left that is not escaped.
    svg = f"{opening}>".replace('"', "'") + f"<style>{rules}</style>" + rest.replace('"', "'")
    return "data:image/svg+xml," + quote(svg, safe=" !$&'()*+,/:;=?@[]{}~")


def _label(text: str) -> str:
    return shorten(text, MAX_LABEL_WIDTH, LABEL_SIZE)


def curve(route: Sequence[Point]) -> str:
    """Path through a route: curves with upright ends between layers, straight lines past the layers skipped."""
    (x, y), d = route[0], [f"M{number(route[0][0])} {number(route[0][1])}"]
    for i, (to_x, to_y) in enumerate(route[1:]):
        middle = number((y + to_y) / 2)
        curve = f"C{number(x)} {middle} {number(to_x)} {middle} {number(to_x)} {number(to_y)}"
        d.append(curve if i % 2 == 0 else f"V{number(to_y)}")
        x, y = to_x, to_y
    return "".join(d)
