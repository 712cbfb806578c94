"""The map as a figure of plotly: all points in one WebGL trace, with marks for what is selected above it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.explore.explored import MAP, Explored

Trace = dict[str, Any]
Rows = NDArray[np.int64]

LEVELS = 255
"""Numbers of shades; level 0 is for what is not known."""

TEXTS = 20_000
"""With more points than this, the label of a point on hover is its row alone."""

UNKNOWN = "#c9d0d9"
INK, MUTED, GRID, ACCENT, FRONT = "#1b2027", "#5a6472", "#e9ecf0", "#2b68b8", "#d2571d"
VIRIDIS = (
    *("#471669", "#472c7a", "#3e4989", "#33628d", "#287a8e", "#1f928c", "#25ac82", "#4ec36b", "#85d54a", "#d0e11c"),
)
"""The scheme of the reports' maps: viridis without its darkest and lightest ends."""
SHADES = ("#2b6cbf", "#d2571d", "#26885c", "#9447ae", "#a87b00", "#5a6472", "#1b8a9c", "#b23a6f", "#6f7f1a")
SHADES = (*SHADES, "#7a5cc9", "#8c4b2a", "#3d7f3a")
"""The colours of categories: those of the reports, and more of them."""


def map_figure(
    explored: Explored, rows: Rows, colour: str | None, axes: Sequence[str] = MAP, marks: Sequence[Trace] = ()
) -> dict[str, Any]:
    """The figure, as the dictionary that plotly takes.

    Coordinates are float32 and colours bytes: nine bytes per point, which is what a million points can be sent as.

    Args:
        explored: What is looked at.
        rows: (M,) the rows to show, ascending.
        colour: A column, of numbers (coloured by rank) or texts; None for one colour.
        axes: The columns across and up.
        marks: Traces above the points, from `marks`.
    """
    levels, scale, ticks = _colours(explored, rows, colour)
    marker = {
        **{"size": _size(len(rows)), "opacity": 0.85, "color": packed(levels), "cmin": -0.5, "cmax": LEVELS + 0.5},
        **{"colorscale": scale, "showscale": colour is not None},
        "colorbar": {
            **{"title": {"text": colour, "side": "right", "font": {"size": 12}}, "thickness": 12, "outlinewidth": 0},
            **{"tickfont": {"size": 11, "color": MUTED}, **ticks},
        },
    }
    x, y = (packed(explored.values(name)[rows].astype(np.float32)) for name in axes)
    points: Trace = {"type": "scattergl", "mode": "markers", "x": x, "y": y, "marker": marker, "name": "architectures"}
    points |= _labels(explored, rows, colour)
    points["unselected"] = {"marker": {"opacity": 0.25}}
    return {"data": [points, *marks], "layout": _layout(explored, axes)}


def marks(explored: Explored, axes: Sequence[str], chosen: Rows, front: Rows, current: int | None) -> list[Trace]:
    """The traces above the points: what is chosen, the Pareto front, and the current architecture, ringed."""
    drawn = (
        ("chosen", chosen, {"size": 11, "symbol": "circle-open", "color": INK, "line": {"width": 1.5}}, "markers"),
        ("Pareto front", front, {"size": 9, "symbol": "diamond", "color": FRONT}, "lines+markers"),
        (
            "current",
            np.array([] if current is None else [current], np.int64),
            {"size": 18, "symbol": "circle-open", "color": FRONT, "line": {"width": 3}},
            "markers",
        ),
    )
    found = []
    for name, rows, marker, mode in drawn:
        if name == "Pareto front":
            rows = rows[np.argsort(explored.values(axes[0])[rows], kind="stable")]
            mode = mode if not set(axes) & set(MAP) else "markers"
        x, y = (packed(explored.values(axis)[rows].astype(np.float32)) for axis in axes)
        trace: Trace = {"type": "scattergl", "mode": mode, "x": x, "y": y, "marker": marker, "name": name}
        found.append({**trace, "hoverinfo": "skip", "line": {"color": FRONT, "width": 1.5, "shape": "hv"}})
    return found


def packed(values: NDArray) -> dict[str, str]:
    """An array as plotly takes it without turning each number into text."""
    content = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
    return {"dtype": f"{values.dtype.kind}{values.dtype.itemsize}", "bdata": content}


def _colours(explored: Explored, rows: Rows, colour: str | None) -> tuple[Any, list[list[Any]], Mapping[str, Any]]:
    """(M,) shades from 0 to 255 (0 where there is no value), the scale of colours, and what stands beside it."""
    if colour is None:
        return np.ones(len(rows), np.uint8), _scale([ACCENT]), {}
    if colour in explored.categories:
        names = explored.categories[colour]
        code = {name: place + 1 for place, name in enumerate(names)}
        levels = np.array([code.get(text or "", 0) for text in explored.table.select(rows).texts(colour)], np.float64)
        width = LEVELS / len(names)
        spread = np.where(levels > 0, np.ceil((levels - 0.5) * width), 0)
        ticks = {"tickvals": [(place + 0.5) * width for place in range(len(names))], "ticktext": names}
        return spread.astype(np.uint8), _scale(SHADES[: len(names)], steps=True), ticks
    values = explored.values(colour)[rows]
    there = np.flatnonzero(np.isfinite(values))
    levels = np.zeros(len(rows), np.uint8)
    if not len(there):
        return levels, _scale(VIRIDIS), {"tickvals": []}
    ordered = np.sort(values[there])
    # By rank, as in the reports: accuracies crowd near the best one. Equal values have equal colours.
    rank = (np.searchsorted(ordered, values[there], "left") + np.searchsorted(ordered, values[there], "right")) / 2
    levels[there] = 1 + np.round((LEVELS - 1) * rank / len(ordered)).astype(np.uint8)
    at = np.linspace(0, 1, 6)
    texts = [f"{value:.4g}" for value in np.quantile(ordered, at).tolist()]
    return levels, _scale(VIRIDIS), {"tickvals": (1 + (LEVELS - 1) * at).tolist(), "ticktext": texts}


def _scale(shades: Sequence[str], steps: bool = False) -> list[list[Any]]:
    """A scale of colours over levels -0.5 to 255.5: the grey of what is not known, then the shades."""
    first = 1 / (LEVELS + 1)
    scale: list[list[Any]] = [[0.0, UNKNOWN], [first, UNKNOWN]]
    if steps or len(shades) == 1:
        ends = np.linspace(first, 1, len(shades) + 1)
        for shade, low, high in zip(shades, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            scale += [[low, shade], [high, shade]]
        return scale
    return scale + [
        [place, shade] for place, shade in zip(np.linspace(first, 1, len(shades)).tolist(), shades, strict=True)
    ]


def _labels(explored: Explored, rows: Rows, colour: str | None) -> Trace:
    """What a point shows on hover, and its row, unless all rows are shown."""
    every = len(rows) == len(explored)
    found: Trace = {} if every else {"customdata": packed(rows.astype(np.int32))}
    number = "%{pointNumber}" if every else "%{customdata}"
    if len(rows) > TEXTS:
        return {**found, "hovertemplate": f"row {number}<extra></extra>"}
    shown = explored.table.select(rows)
    names = [_wrapped(shown.called(row)) for row in range(len(rows))]
    if colour is not None:
        texts = shown.texts(colour) if colour in explored.categories else _numbers(explored.values(colour)[rows])
        names = [f"{name}<br>{colour}: {text}" for name, text in zip(names, texts, strict=True)]
    return {**found, "text": names, "hovertemplate": f"row {number}<br>%{{text}}<extra></extra>"}


def _numbers(values: NDArray) -> list[str]:
    return [f"{value:.5g}" if value == value else "not known" for value in values.tolist()]


def _wrapped(text: str, width: int = 48, most: int = 4) -> str:
    """A name in lines, cut after a few."""
    text = text.replace("<", "‹").replace(">", "›")
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    return "<br>".join(lines[:most]) + (" …" if len(lines) > most else "")


def _size(count: int) -> float:
    return 9.0 if count <= 500 else 6.0 if count <= 5000 else 4.0 if count <= 50_000 else 2.0


def _layout(explored: Explored, axes: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        **{"margin": {"l": 52, "r": 8, "t": 34, "b": 40}, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff"},
        **{"showlegend": False, "dragmode": "lasso", "hovermode": "closest", "uirevision": "/".join(axes)},
        "font": {"family": "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", "size": 12, "color": INK},
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": UNKNOWN,
            "font": {"color": INK, "size": 12},
            "align": "left",
        },
    }
    for key, name in zip(("xaxis", "yaxis"), axes, strict=True):
        on_map = name in MAP
        title = f"{name} ({100 * explored.shares[MAP.index(name)]:.0f} % of the variance)" if on_map else name
        found[key] = {
            **{"title": {"text": title, "font": {"size": 12}, "standoff": 6}, "gridcolor": GRID, "zeroline": False},
            **{"tickfont": {"size": 11, "color": MUTED}, "showticklabels": not on_map, "linecolor": UNKNOWN},
        }
    return found
