"""Small pieces of HTML for notebooks: a table, and the curve of a search. They need no style sheet and no library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from archflow.report.svg import element, escape

WIDTH, HEIGHT, MARGIN = 420, 120, 8
DOT, LINE = "#4a86d0", "#d2571d"


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of texts, which are escaped."""
    head = element("tr", "".join(element("th", escape(each)) for each in heads))
    body = "".join(element("tr", "".join(element("td", escape(each)) for each in row)) for row in rows)
    return element("table", element("caption", escape(caption)) + element("thead", head) + element("tbody", body))


def curve(values: ArrayLike, best: ArrayLike, title: str) -> str:
    """Evaluations (n,) as dots and the best so far (n,) as steps; empty if fewer than two are finite.

    The title says what the values are and between which bounds they lie.
    """
    y, steps = np.asarray(values, float), np.asarray(best, float)
    known = y[np.isfinite(y)]
    if len(known) < 2:
        return ""
    low, high = float(known.min()), float(known.max())
    x = MARGIN + np.arange(len(y)) * (WIDTH - 2 * MARGIN) / max(len(y) - 1, 1)

    def at(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / ((high - low) or 1.0) * (HEIGHT - 2 * MARGIN)

    dots = [
        element("circle", cx=float(a), cy=at(b), r=2, fill=DOT, opacity=0.6)
        for a, b in zip(x, y, strict=True)
        if np.isfinite(b)
    ]
    path = ""
    for a, b in zip(x.tolist(), steps.tolist(), strict=True):
        if np.isfinite(b):
            path += f"H{a:.1f}V{at(b):.1f}" if path else f"M{a:.1f},{at(b):.1f}"
    line = element("path", d=path + f"H{x[-1]:.1f}", fill="none", stroke=LINE, stroke_width=2) if path else ""
    svg = element("svg", "".join(dots) + line, width=WIDTH, height=HEIGHT, role="img")
    caption = f"{title}: {low:.5g} to {high:.5g} in {len(known)} evaluations; line: the best so far"
    return element("figure", svg + element("figcaption", escape(caption)))
