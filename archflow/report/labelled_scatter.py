"""A scatter of few points, each with its name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archflow.report.axes import Axis, Key, Plot
from archflow.report.charts import LOG_NOTE
from archflow.report.svg import element, escape, number, series_colour, text_width

SIZE, GAP = 11.0, 7.0
"""Height of a name and its distance from the dot, in pixels."""

Box = tuple[float, float, float, float]
"""left, top, right, bottom."""


@dataclass(frozen=True)
class Named:
    """A point with the half-length of its vertical whisker. colour: of its series."""

    name: str
    x: float
    y: float
    spread: float = 0.0
    colour: int = 0


def labelled_scatter(
    points: Sequence[Named],
    *,
    x_label: str,
    y_label: str,
    series: Sequence[str] = (),
    log_x: bool = False,
    width: float = 760,
    height: float = 520,
) -> str:
    """One SVG of the points that are finite (and positive in x on a logarithmic axis).

    series: what the colours 0, 1, ... mean, for the legend. A name stands where it hides no dot and no other name, as
    far as there is such a place around its dot.
    """
    drawn = [p for p in points if np.isfinite(p.x) and np.isfinite(p.y) and not (log_x and p.x <= 0)]
    reach = [edge for p in drawn for edge in (p.y - p.spread, p.y + p.spread)]
    xs = [p.x for p in drawn]
    plot = Plot.around(
        # Room for names at both ends.
        Axis.over([*xs, *([min(xs) / 1.6, max(xs) * 1.6] if log_x and xs else [])], log=log_x),
        Axis.over(reach),
        x_label=x_label + LOG_NOTE * log_x,
        y_label=y_label,
        keys=[Key(name, series_colour(i)) for i, name in enumerate(series)],
        width=width,
        height=height,
    )
    places = [(plot.x.pixel(p.x), plot.y.pixel(p.y)) for p in drawn]
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    marks = []
    for point, (x, y) in zip(drawn, places, strict=True):
        colour = series_colour(point.colour)
        text = element("title", escape(f"{point.name}: {point.y:.3f} ± {point.spread:.3f}, {point.x:.4g}"))
        if point.spread > 0:
            low, high = plot.y.pixel(point.y - point.spread), plot.y.pixel(point.y + point.spread)
            whisker = f"M{number(x)} {number(low)}V{number(high)}"
            marks.append(element("path", d=whisker, stroke=colour, stroke_opacity=0.35, stroke_width=1.5, fill="none"))
        marks.append(element("circle", text, cx=x, cy=y, r=4.5, fill=colour))
    frame = (plot.x.start, plot.y.end, plot.width, plot.y.start)
    for point, (x, y) in zip(drawn, places, strict=True):
        boxes = _around(x, y, text_width(point.name, SIZE))
        best = min(boxes, key=lambda box: sum(_shared(box, other) for other in taken) + _outside(box, frame))
        taken.append(best)
        marks.append(element("text", escape(point.name), x=best[0], y=best[3] - 2, class_="tick"))
    return plot.draw("".join(marks), f"{y_label} against {x_label}: " + ", ".join(p.name for p in drawn))


def _around(x: float, y: float, width: float) -> list[Box]:
    """Places for a name around a dot, the preferred ones first: beside it, then above and below, then further off."""
    lefts_tops = [
        (x + GAP + step, y - SIZE / 2 + rise) for step in (0.0, 4.0) for rise in (0.0, -9.0, 9.0, -18.0, 18.0)
    ]
    lefts_tops += [
        (x - GAP - step - width, y - SIZE / 2 + rise) for step in (0.0, 4.0) for rise in (0.0, -9.0, 9.0, -18.0, 18.0)
    ]
    lefts_tops += [(x - width / 2, y + rise) for rise in (-GAP - SIZE, GAP, -GAP - 2 * SIZE, GAP + SIZE)]
    return [(left, top, left + width, top + SIZE) for left, top in lefts_tops]


def _shared(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: Box, frame: Box) -> float:
    """The area of a box that lies outside the frame, counted thrice: a name cut off is worse than one overlapped."""
    return 3 * ((box[2] - box[0]) * (box[3] - box[1]) - _shared(box, frame))
