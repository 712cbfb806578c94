"""Ranked architectures as the rows of figures: a point's tooltip shows its scores and its architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.report.figures import Row, axis, colour, scale, significant
from archflow.report.graph_drawing import Drawables, as_data_uri, draw_architecture, node_texts, operation_hues
from archflow.report.maps import HEIGHT, MAX_POINTS, WIDTH, value_colour
from archflow.report.measures import rounded
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

DRAWN_BEST = 200
"""Number of the predicted best that are drawn, before those that the predictor was fitted on."""
DRAWINGS_BYTES = 900_000
"""Largest total size of a page's drawings; the other architectures are shown as text."""
TEXT_LENGTH = 160
"""Largest length of an architecture's text in characters; longer texts are cut."""
GUIDE = "#8a94a3"
"""The colour of a reference line, on light or dark backgrounds."""
OTHER, FITTED, BEST = "other architectures", "the predictor was fitted on", "predicted best, shown below"


@dataclass(frozen=True)
class Ranked:
    """Scores and measurements of N ranked architectures; higher scores are better.

    Attributes:
        predicted: `(N,)` scores.
        measured: `(N,)`, NaN where not measured, or None.
        fitted: `(N,)` mask of those whose measurements the predictor was fitted on.
        best: Indices of those that the report shows individually, the best first.
        metric: The name of the measured metric, with its unit.
        architectures: What to draw, by index, or None.
        native: `(N,)` native strings of the search space, or None.
    """

    predicted: NDArray[np.float64]
    measured: NDArray[np.float64] | None
    fitted: NDArray[np.bool_]
    best: NDArray[np.int64]
    metric: str
    architectures: Drawables | None = None
    native: Sequence[str] | None = None


def places_among(values: ArrayLike, known: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank of each value, any shape, among the known ones `(n,)`: 1 for the highest, ties share the best rank."""
    return 1 + len(known) - np.searchsorted(np.sort(known), values, side="right")


def ranked_rows(ranked: Ranked, coordinates: NDArray[np.float64] | None = None) -> list[Row]:
    """One row for each architecture that is drawn as a point, the most important last, so that they are drawn on top.

    If there are more than `MAX_POINTS`, only the best, those that the predictor was fitted on, and an even sample of
    the others are drawn.

    Args:
        ranked: The architectures.
        coordinates: `(N, 2)` on the map.
    """
    count = len(ranked.predicted)
    first = np.zeros(count, bool)
    first[ranked.best] = True
    order = np.argsort(-np.nan_to_num(ranked.predicted, nan=-np.inf), kind="stable")
    wanted = np.concatenate([ranked.best, order[:DRAWN_BEST], np.flatnonzero(ranked.fitted), _even(order, MAX_POINTS)])
    _, firsts = np.unique(wanted, return_index=True)
    chosen = wanted[np.sort(firsts)][:MAX_POINTS]
    images = _images(ranked, chosen)
    measured = np.full(count, np.nan) if ranked.measured is None else ranked.measured
    known = np.isfinite(measured) & np.isfinite(ranked.predicted)
    predicted_place = places_among(ranked.predicted, ranked.predicted[np.isfinite(ranked.predicted)])
    x_place = places_among(ranked.predicted, ranked.predicted[known])
    y_place = places_among(measured, measured[known])
    rows = []
    for i in chosen.tolist():
        kind = BEST if first[i] else FITTED if ranked.fitted[i] else OTHER
        shown = {"image": images[i]} if i in images else {}
        if np.isfinite(ranked.predicted[i]):
            shown |= {"rank": f"{predicted_place[i]:,}", "predicted": rounded(float(ranked.predicted[i]))}
        if np.isfinite(measured[i]):
            shown["measured"] = f"{measured[i]:.5g} (place {y_place[i]:,} of {known.sum():,})"
        shown["architecture"] = _text(ranked, i)
        row: Row = {
            "kind": kind,
            "predicted": significant(float(ranked.predicted[i])),
            "measured": significant(float(measured[i])),
            "predicted_place": int(x_place[i]) if known[i] else None,
            "measured_place": int(y_place[i]) if known[i] else None,
            "shown": {name: text for name, text in shown.items() if text},
        }
        if coordinates is not None:
            row |= {"x": significant(float(coordinates[i, 0])), "y": significant(float(coordinates[i, 1]))}
        rows.append(row)
    return sorted(rows, key=lambda row: (OTHER, FITTED, BEST).index(row["kind"]))


def score_figure(rows: list[Row], metric: str) -> Chart:
    """Predicted score against measured value, one point per architecture."""
    return _points(
        *(rows, "predicted", "measured"),
        x_title="predicted score",
        y_title=metric,
    )


def place_figure(rows: list[Row], count: int) -> Chart:
    """Predicted rank against measured rank, the best at the lower left."""
    alt = require_altair()
    points = _points(
        *(rows, "predicted_place", "measured_place"),
        x_title="place in the predicted order",
        y_title="place in the measured order",
        log=True,
    )
    diagonal = alt.Chart(alt.InlineData(values=[{"at": 1}, {"at": max(count, 1)}]))
    return alt.layer(
        diagonal.mark_line(strokeDash=[5, 4], strokeWidth=1, color="#8a94a3").encode(x="at:Q", y="at:Q"), points
    )


def map_figure(rows: list[Row], *, x_title: str, y_title: str, coloured: bool) -> Chart:
    """The map of the embeddings, coloured by the rank of the measured value."""
    alt = require_altair()
    size = 18 if len(rows) > 1000 else 40
    chart = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=HEIGHT).mark_circle(
        size=size, opacity=0.85, aria=False
    )
    return chart.encode(
        x=alt.X("x:Q", title=x_title, scale=scale(False)),
        y=alt.Y("y:Q", title=y_title, scale=scale(False)),
        tooltip="shown:N",
        **({"color": value_colour("measured", "measured")} if coloured else {}),
    )


def _points(rows: list[Row], x: str, y: str, *, x_title: str, y_title: str, log: bool = False) -> Any:
    alt = require_altair()
    present = {row["kind"] for row in rows}
    kinds = [kind for kind in (OTHER, FITTED, BEST) if kind in present]
    small = 14 if len(rows) > 500 else 30
    return (
        alt.Chart(alt.InlineData(values=rows), width=400, height=320)
        .mark_circle(aria=False)
        .encode(
            x=alt.X(f"{x}:Q", title=x_title, scale=scale(log), axis=axis([row[x] for row in rows], log)),
            y=alt.Y(f"{y}:Q", title=y_title, scale=scale(log), axis=axis([row[y] for row in rows], log)),
            color=colour("kind", [OTHER, FITTED, BEST], 400, kinds),
            size=_by_kind(small, 40, 70),
            opacity=_by_kind(0.4, 0.9, 1.0),
            tooltip="shown:N",
        )
    )


def _by_kind(other: float, fitted: float, best: float) -> Any:
    alt = require_altair()
    is_best, is_fitted = (alt.FieldEqualPredicate(field="kind", equal=kind) for kind in (BEST, FITTED))
    return alt.when(is_best).then(alt.value(best)).when(is_fitted).then(alt.value(fitted)).otherwise(alt.value(other))


def _even(order: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """An even sample of the order; all of it if it is not longer than `count`."""
    return order[np.linspace(0, len(order) - 1, min(len(order), count)).astype(np.int64)] if len(order) else order


def _images(ranked: Ranked, chosen: NDArray[np.int64]) -> dict[int, str]:
    """Drawings of the most important of the chosen architectures, up to the size limit."""
    if ranked.architectures is None:
        return {}
    numbers = set(chosen[: DRAWN_BEST + len(ranked.best)].tolist()) | set(np.flatnonzero(ranked.fitted).tolist())
    wanted = [i for i in chosen.tolist() if i in numbers]
    hues = operation_hues([op for i in wanted for op in ranked.architectures[i].ops])
    images, room = {}, DRAWINGS_BYTES
    for i in wanted:
        image = as_data_uri(draw_architecture(ranked.architectures[i], hues))
        room -= len(image)
        if room < 0:
            break
        images[i] = image
    return images


def _text(ranked: Ranked, i: int) -> str:
    """The architecture in words: its native form, else the operations in the order of the nodes."""
    text = str(ranked.native[i]) if ranked.native is not None and ranked.native[i] else ""
    if not text and ranked.architectures is not None:
        text = " · ".join(node_texts(ranked.architectures[i]))
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"
