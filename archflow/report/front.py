"""The report of a Pareto front: accuracy against latency of all candidates, the front, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from archflow.report import html
from archflow.report.figures import axis, scale, significant, tips
from archflow.report.page import Figures, write_page
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

DRAWN = 2000
"""The maximum number of candidates behind the front that are drawn, spaced evenly."""


@dataclass(frozen=True)
class Candidates:
    """N candidates.

    Attributes:
        accuracy, latency: (N,) predictions.
        upper: (N,) upper bounds of the latency.
        front: (F,) rows on the front, the fastest first.
        names: By row on the front, what the architecture is called.
        metrics: The names of accuracy and latency.
        limit: The highest latency; None if there is none.
    """

    accuracy: ArrayLike
    latency: ArrayLike
    upper: ArrayLike
    front: ArrayLike
    names: Mapping[int, str]
    metrics: tuple[str, str]
    limit: float | None = None


def front_report(path: str | Path, title: str, lines: Sequence[str], candidates: Candidates) -> None:
    """Write one self-contained HTML file, whole or not at all.

    Args:
        path: The file (.html).
        title: Its heading.
        lines: What the front means, a sentence each.
        candidates: What is drawn.

    Raises:
        ArchflowError: If the file cannot be written, or the extra `report` is missing.
    """
    figures = Figures()
    words = "".join(html.paragraph(line) for line in lines)
    caption = "Each dot is a candidate. Lines lead from the predicted latency of the front to its upper bound."
    content = [words, figures.show("front", front_chart(candidates), caption)]
    write_page(path, title, *content, _table(candidates), figures=figures)


def front_chart(candidates: Candidates, width: int = 560) -> Chart:
    """All candidates as dots, the front as a line with its bounds, and the limit."""
    alt = require_altair()
    accuracy, latency, upper = (
        np.asarray(each, float) for each in (candidates.accuracy, candidates.latency, candidates.upper)
    )
    front = np.asarray(candidates.front, np.int64)
    others = np.setdiff1d(np.arange(len(accuracy)), front)
    drawn = others[np.linspace(0, len(others) - 1, min(len(others), DRAWN)).astype(np.int64)]
    high, fast = candidates.metrics
    ends = [float(each) for each in (*latency[drawn], *latency[front], *upper[front])]

    def rows(chosen: np.ndarray) -> list[dict[str, Any]]:
        return [
            {
                "x": significant(float(latency[row])),
                "y": significant(float(accuracy[row])),
                "upper": significant(float(upper[row])),
                "name": candidates.names.get(int(row), ""),
            }
            for row in chosen.tolist()
        ]

    log = min(ends, default=0) > 0
    x = alt.X("x:Q", title=f"predicted {fast}", scale=scale(log), axis=axis(ends, log))
    y = alt.Y("y:Q", title=f"predicted {high}", scale=scale(False))
    shown = tips(name="architecture") + tips(".4g", x=fast, upper="upper bound", y=high)
    size = {"width": width, "height": 320}
    behind = alt.Chart(alt.InlineData(values=rows(drawn)), **size).mark_circle(size=18, opacity=0.25)
    best = alt.Chart(alt.InlineData(values=rows(front)), **size)
    layers = [
        behind.encode(x=x, y=y, tooltip=tips(".4g", x=fast, upper="upper bound", y=high)),
        best.mark_rule(strokeWidth=1.5).encode(x=x, x2="upper:Q", y=y),
        best.mark_line(strokeWidth=2, interpolate="step-after").encode(x=x, y=y),
        best.mark_circle(size=70, opacity=1).encode(x=x, y=y, tooltip=shown),
    ]
    if candidates.limit is not None:
        line = alt.Chart(alt.InlineData(values=[{"x": candidates.limit}]), **size)
        layers.append(line.mark_rule(strokeDash=[5, 4]).encode(x=x))
    return alt.layer(*layers)


def _table(candidates: Candidates) -> str:
    high, fast = candidates.metrics
    accuracy, latency, upper = (
        np.asarray(each, float) for each in (candidates.accuracy, candidates.latency, candidates.upper)
    )
    lines = [
        [html.Cell(candidates.names.get(row, str(row)))]
        + [html.Cell(f"{values[row]:.4g}") for values in (accuracy, latency, upper)]
        for row in np.asarray(candidates.front, np.int64).tolist()
    ]
    return html.table(["architecture", f"predicted {high}", f"predicted {fast}", "upper bound"], lines, "")
