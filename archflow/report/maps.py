"""Maps of embeddings: points in the plane, coloured by a value or a class.

Up to `MAX_POINTS` points are drawn individually. More would make a heavy file in which the points drawn last hide the
others, so the plane is divided into grid cells, each coloured by the median value or the most frequent class of its
points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.report.figures import Row, colour, scale, significant, tips
from archflow.report.vega import THEMES, require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

MAX_POINTS = 3_000
CELLS = (136, 88)
"""Columns and rows of the grid."""
WIDTH, HEIGHT = 680, 440
UNKNOWN = "#c9d0d9"


def value_map(x: ArrayLike, y: ArrayLike, values: ArrayLike, *, x_title: str, y_title: str, value_title: str) -> Chart:
    """Points `x`, `y` `(N,)` coloured by the rank of their value `(N,)`; those whose value is NaN are grey."""
    across, up, known = (np.asarray(a, np.float64).ravel() for a in (x, y, values))
    shown = np.isfinite(across) & np.isfinite(up)
    across, up, known = across[shown], up[shown], known[shown]
    if len(across) <= MAX_POINTS:
        order = np.argsort(np.where(np.isfinite(known), known, -np.inf), kind="stable")  # the best lie on top
        rows = [
            _point(float(across[i]), float(up[i])) | {"value": significant(float(known[i]))} for i in order.tolist()
        ]
    else:
        groups = _cells(across, up)
        rows = []
        for box, members in groups:
            inside = known[members][np.isfinite(known[members])]
            rows.append(box | {"value": significant(float(np.median(inside))) if len(inside) else None})
    return _map(rows, value_colour("value", value_title), tips(".5~g", value=value_title), x_title, y_title)


def class_map(
    x: ArrayLike,
    y: ArrayLike,
    kinds: ArrayLike,
    names: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    kind_title: str = "class",
    others: str = "others",
) -> Chart:
    """Points `x`, `y` `(N,)` coloured by their class `(N,)`: a position in `names`, or -1 for `others`, in grey."""
    across, up = (np.asarray(a, np.float64).ravel() for a in (x, y))
    shown = np.isfinite(across) & np.isfinite(up)
    across, up, kind = across[shown], up[shown], np.asarray(kinds).ravel()[shown]
    called = [*names, others]  # -1 is the last
    if len(across) <= MAX_POINTS:
        rows = [_point(a, b) | {"kind": called[k]} for a, b, k in zip(across, up, kind.tolist(), strict=True)]
    else:
        rows = []
        for box, members in _cells(across, up):
            most = np.bincount(kind[members] % len(called), minlength=len(called)).argmax()
            rows.append(box | {"kind": called[most]})
    present = {row["kind"] for row in rows}
    shades = [*THEMES["light"]["range"]["category"][: len(names)], UNKNOWN]
    coloured = colour("kind", called, WIDTH, [name for name in called if name in present], shades=shades)
    return _map(rows, coloured, tips(kind=kind_title), x_title, y_title)


def value_colour(field: str, title: str) -> Any:
    """A colour encoding by the rank of a value.

    Accuracies crowd near the best one; with ranks every hue has equally many points.
    """
    alt = require_altair()
    legend = alt.Legend(title=title, orient="right", format=".4~g", symbolType="circle", symbolOpacity=1)
    shades = alt.SchemeParams(name="viridis", count=10, extent=[0.08, 0.95])
    coloured = alt.Color(f"{field}:Q", scale=alt.Scale(type="quantile", scheme=shades), legend=legend)
    return alt.condition(alt.FieldValidPredicate(field=field, valid=True), coloured, alt.value(UNKNOWN))


def _point(x: float, y: float) -> Row:
    return {"x": significant(x), "y": significant(y)}


def _cells(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[tuple[Row, NDArray[np.int64]]]:
    """The grid cells that contain points: corners and count, and the indices of the points."""
    ends = [(low, high if high > low else low + 1.0) for low, high in ((a.min(), a.max()) for a in (x, y))]
    columns, rows = (np.linspace(low, high, n + 1) for (low, high), n in zip(ends, CELLS, strict=True))
    column = np.clip(np.searchsorted(columns, x, side="right") - 1, 0, CELLS[0] - 1)
    row = np.clip(np.searchsorted(rows, y, side="right") - 1, 0, CELLS[1] - 1)
    order = np.lexsort((column, row))
    cell = row[order] * CELLS[0] + column[order]
    found = []
    for members in np.split(order, np.flatnonzero(np.diff(cell)) + 1):
        i, j = column[members[0]], row[members[0]]
        corners = {"x": columns[i], "x2": columns[i + 1], "y": rows[j], "y2": rows[j + 1]}
        found.append(({k: significant(float(v)) for k, v in corners.items()} | {"count": len(members)}, members))
    return found


def _map(rows: list[Row], coloured: Any, tooltip: list[Any], x_title: str, y_title: str) -> Chart:
    alt = require_altair()
    base = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=HEIGHT)
    if any("x2" in row for row in rows):
        # Axes end where the grid does: a cell is then a whole number of pixels, and no seams show between cells.
        x_scale, y_scale = (
            scale(False, nice=False, domain=[min(row[a] for row in rows), max(row[f"{a}2"] for row in rows)])
            for a in ("x", "y")
        )
        marked = base.mark_rect(aria=False).encode(x2="x2:Q", y2="y2:Q")
        tooltip = tooltip + tips(",d", count="architectures")
    else:
        x_scale = y_scale = scale(False)
        marked = base.mark_circle(size=16 if len(rows) > 1000 else 36, opacity=0.85, aria=False)
    return marked.encode(
        x=alt.X("x:Q", title=x_title, scale=x_scale),
        y=alt.Y("y:Q", title=y_title, scale=y_scale),
        color=coloured,
        tooltip=tooltip,
    )
