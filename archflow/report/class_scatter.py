"""A scatter of many points in a few classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from archflow.report.axes import Axis, Key, Plot
from archflow.report.charts import MAX_DOTS, dots
from archflow.report.svg import SERIES_COLOURS, series_colour

CLASSES = SERIES_COLOURS - 1
"""The colours of series but the last, which is grey."""

_LAYERS = 16


def class_scatter(
    x: ArrayLike,
    y: ArrayLike,
    kind: ArrayLike,
    names: Sequence[str],
    *,
    x_label: str,
    y_label: str,
    others: str = "others",
    width: float = 520,
    height: float = 400,
) -> str:
    """One SVG of the points `x`, `y` (both `(N,)`), coloured by their class `kind` `(N,)`: a position in `names`, of
    which there are at most `CLASSES`, or -1 for none of them, which is grey and called `others`.

    Of more than `MAX_DOTS` points an even share is drawn. The classes are laid over one another in many thin layers,
    so that none hides the others.
    """
    x, y = np.asarray(x, np.float64).ravel(), np.asarray(y, np.float64).ravel()
    kind = np.asarray(kind).ravel()
    classes = [(i, name, series_colour(i)) for i, name in enumerate(names)] + [(-1, others, "var(--rule)")]
    classes = [entry for entry in classes if (kind == entry[0]).any()]
    plot = Plot.around(
        Axis.over(x),
        Axis.over(y),
        x_label=x_label,
        y_label=y_label,
        keys=[Key(name, colour) for _, name, colour in classes],
        width=width,
        height=height,
    )
    px, py = plot.x.at(x), plot.y.at(y)
    shown = np.flatnonzero(np.isfinite(px) & np.isfinite(py))
    shown = shown[np.linspace(0, len(shown) - 1, min(len(shown), MAX_DOTS)).astype(np.int64)] if len(shown) else shown
    size = 2.4 if len(shown) > 2000 else 3.6
    marks = []
    for layer in range(_LAYERS):
        for i, _, colour in classes:
            rows = shown[layer::_LAYERS]
            rows = rows[kind[rows] == i]
            marks.append(dots(px[rows], py[rows], colour, size, 0.8))
    told = ", ".join(name for _, name, _ in classes)
    return plot.draw("".join(marks), f"{y_label} against {x_label}, {len(shown)} points: {told}")
