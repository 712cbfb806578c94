"""A scatter plot of few points with their names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archflow.report.figures import axis, colour, tips
from archflow.report.svg import text_width
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

SIZE, GAP = 11.0, 7.0
"""Height of a name and its distance from the dot, in pixels."""

Box = tuple[float, float, float, float]
"""left, top, right, bottom."""


@dataclass(frozen=True)
class Named:
    """A point of a series, with the half-length of its vertical whisker."""

    name: str
    x: float
    y: float
    spread: float = 0.0
    series: str = ""


def named_points(points: Sequence[Named], *, x_title: str, y_title: str, width: int = 680, height: int = 440) -> Chart:
    """The points that are finite and positive in x, which has a logarithmic axis, with their names next to them.

    Vega-Lite cannot keep names from overlapping, so they are positioned here, on axes with fixed ends: each name where
    it hides no dot, whisker or other name, if there is such a position around its dot.
    """
    alt = require_altair()
    drawn = [p for p in points if math.isfinite(p.x) and p.x > 0 and math.isfinite(p.y) and math.isfinite(p.spread)]
    xs = [math.log(p.x) for p in drawn] or [0.0]
    ys = [end for p in drawn for end in (p.y - p.spread, p.y + p.spread)] or [0.0, 1.0]
    left, right = min(xs) - 0.5, max(xs) + 0.5
    margin = 0.06 * (max(ys) - min(ys)) or 0.5
    bottom, top = min(ys) - margin, max(ys) + margin
    across, up = width / (right - left), height / (top - bottom)
    places = [((math.log(p.x) - left) * across, (top - p.y) * up) for p in drawn]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    taken += [(x - 1, y - p.spread * up, x + 1, y + p.spread * up) for p, (x, y) in zip(drawn, places, strict=True)]
    widths = [text_width(p.name, SIZE) for p in drawn]
    boxes = _positioned(places, widths, taken, (0.0, 0.0, float(width), float(height)))
    rows = [
        {
            "name": p.name, "series": p.series, "x": p.x, "y": p.y, "spread": p.spread,
            "low": p.y - p.spread, "high": p.y + p.spread,
            "text_x": math.exp(left + box[0] / across), "text_y": top - (box[1] + SIZE / 2) / up,
        }
        for p, box in zip(drawn, boxes, strict=True)
    ]  # fmt: skip
    series = list(dict.fromkeys(p.series for p in drawn))
    coloured = colour("series", series, width) if len(series) > 1 else alt.Undefined
    ticks = axis([math.exp(left), math.exp(right)], True)
    x_scale = alt.Scale(type="log", nice=False, domain=[math.exp(left), math.exp(right)])
    y_scale = alt.Scale(nice=False, zero=False, domain=[bottom, top])
    base = alt.Chart(alt.InlineData(values=rows), width=width, height=height).encode(
        x=alt.X("x:Q", title=x_title, scale=x_scale, axis=ticks),
        y=alt.Y("y:Q", title=y_title, scale=y_scale),
    )
    whiskers = base.transform_filter("datum.spread > 0").mark_bar(width=1.5, opacity=0.35)
    dots = base.mark_circle(size=75, opacity=1)
    texts = base.mark_text(align="left", baseline="middle", fontSize=SIZE)
    return alt.layer(
        whiskers.encode(y=alt.Y("low:Q", title=y_title, scale=y_scale), y2="high:Q", color=coloured),
        dots.encode(color=coloured, tooltip=tips(name="name") + tips(".4~g", x=x_title, y=y_title, spread="±")),
        texts.encode(x="text_x:Q", y="text_y:Q", text="name:N"),
    )


def _positioned(
    places: Sequence[tuple[float, float]], widths: Sequence[float], taken: Sequence[Box], frame: Box
) -> list[Box]:
    """The box of each name: of the positions around its dot, the first with the least overlap with other boxes."""
    boxes: list[Box] = []
    for (x, y), width in zip(places, widths, strict=True):
        candidates = _around(x, y, width)
        box = min(
            candidates, key=lambda box: sum(_overlap(box, other) for other in [*taken, *boxes]) + _outside(box, frame)
        )
        boxes.append(box)
    return boxes


def _around(x: float, y: float, width: float) -> list[Box]:
    """Positions for a name around a dot, the preferred ones first: to the side, above and below, then further away."""
    rises = (0.0, -9.0, 9.0, -18.0, 18.0)
    lefts = [x + GAP, x + GAP + 4, x - GAP - width, x - GAP - 4 - width]
    corners = [(left, y - SIZE / 2 + rise) for left in lefts for rise in rises]
    corners += [(x - width / 2, y + rise) for rise in (-GAP - SIZE, GAP, -GAP - 2 * SIZE, GAP + SIZE)]
    return [(left, top, left + width, top + SIZE) for left, top in corners]


def _overlap(a: Box, b: Box) -> float:
    """The area of the intersection of two boxes."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: Box, frame: Box) -> float:
    """The area of a box outside the frame, counted three times: a name cut off is worse than one overlapped."""
    return 3 * ((box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, frame))
