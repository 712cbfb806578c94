"""Drawings of the blocks of a model: boxes with what they cost, each a link to what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archflow.report.graph_drawing import arrow, framed
from archflow.report.layered import layered_layout
from archflow.report.svg import element, escape, shorten, text_width

_TITLE, _NOTE = 12.0, 10.5
_WIDEST = 210.0
_HEIGHT = 44.0


@dataclass(frozen=True)
class Box:
    """A box of a drawing.

    Attributes:
        title: Its first line.
        note: Its second line, smaller.
        full: The whole text, which shows on hover.
        hue: Degrees; None for an end of the model.
        share: How much of the model's cost it has, 0 to 1: the bar at its foot.
        target: The id of the place on the page that it links to; empty if it is no link.
    """

    title: str
    note: str = ""
    full: str = ""
    hue: float | None = None
    share: float = 0.0
    target: str = ""


def draw_blocks(boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> str:
    """Boxes and edges in layers, data flowing from top to bottom, as one SVG.

    Raises:
        ArchflowError: If an edge names an unknown box, or there is a cycle.
    """
    widths = [
        max(64.0, 22 + max(_width(box.title, _TITLE), _width(box.note, _NOTE)))  # room for rounded ends
        for box in boxes
    ]
    placed = layered_layout(widths, edges, box_height=_HEIGHT, layer_gap=24)
    parts = [element("g", arrow(route)) for route in placed.routes]
    for box, place in zip(boxes, placed.boxes.tolist(), strict=True):
        parts.append(_drawn(box, *place))
    return framed(parts, placed, f"graph of {len(boxes)} boxes", "drawing blocks")


def _width(text: str, size: float) -> float:
    return min(_WIDEST, text_width(text, size))


def _drawn(box: Box, left: float, top: float, width: float, height: float) -> str:
    middle = left + width / 2
    rect = element("rect", x=left, y=top, width=width, height=height, rx=6)
    bar = ""
    if box.share > 0:
        long = (width - 12) * min(1.0, box.share)
        bar = element(
            "g", element("rect", x=left + 6, y=top + height - 5, width=long, height=3.0, rx=1.5), class_="bar"
        )
    title = element("text", escape(shorten(box.title, _WIDEST, _TITLE)), x=middle, y=top + 17, text_anchor="middle")
    note = element(
        "text", escape(shorten(box.note, _WIDEST, _NOTE)), x=middle, y=top + 32, text_anchor="middle", class_="note"
    )
    kind = "terminal" if box.hue is None else "operation"
    style = None if box.hue is None else f"--hue:{box.hue:g}"
    content = element("title", escape(box.full or box.title)) + rect + bar + title + (note if box.note else "")
    drawn = element("g", content, class_=kind, style=style)
    return element("a", drawn, href=f"#{box.target}") if box.target else drawn
