"""The figures of reports: curves, bars, and all runs of a method; each is a function from data to an altair chart.

Data that cannot be drawn (NaN, infinite, not positive on a logarithmic axis) are left out. Colours come from the theme,
by the order of the names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from archflow.report.measures import finite
from archflow.report.svg import text_width
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

Row = dict[str, Any]
Series = Mapping[str, tuple[ArrayLike, ArrayLike]]


@dataclass(frozen=True)
class Bars:
    """One bar per category: `values` `(n,)` and, where known, `errors` `(n,)`, the half-length of each whisker."""

    name: str
    values: ArrayLike
    errors: ArrayLike | None = None


@dataclass(frozen=True)
class Strip:
    """All runs of one method, `(n,)`, and a `reference` to compare their mean with (say, the published figure)."""

    name: str
    values: ArrayLike
    reference: float | None = None


def curves(
    series: Series,
    *,
    x_title: str,
    y_title: str,
    names: Iterable[str] = (),
    dashed: str | None = None,
    log_x: bool = False,
    log_y: bool = False,
    y_domain: tuple[float, float] | None = None,
    width: int = 400,
    height: int = 240,
) -> Chart:
    """Curves on one pair of axes.

    Args:
        series: Name -> (x `(n,)`, y `(n,)`).
        x_title: Title of the x axis.
        y_title: Title of the y axis.
        names: Names that take the first colours, so that a method has the same colour in several figures.
        dashed: The curve that is drawn dashed, for comparison with the others.
        log_x: Draw x on a logarithmic scale.
        log_y: Draw y on a logarithmic scale.
        y_domain: The ends of the vertical axis.
        width: The width of the plotting area, in pixels.
        height: The height of the plotting area, in pixels.
    """
    alt = require_altair()
    rows, alone = [], False
    for name, (x, y) in series.items():
        pairs = zip(np.ravel(np.asarray(x, float)).tolist(), np.ravel(np.asarray(y, float)).tolist(), strict=True)
        own = [{"name": name, "x": a, "y": significant(b)} for a, b in pairs if _drawn(a, log_x) and _drawn(b, log_y)]
        rows += own
        alone |= len(own) == 1
    shown = [name for name in dict.fromkeys([*names, *series]) if name in series]
    xs, ys = ([row[axis] for row in rows] for axis in ("x", "y"))
    steps = {"tickMinStep": 1} if all(x == round(x) for x in xs) else {}  # there is no epoch 1.5
    y_scale = {"domain": list(y_domain)} if y_domain else {}
    return (
        # Transparent dots catch the pointer; a curve of one point is drawn as its dot.
        alt.Chart(alt.InlineData(values=rows), width=width, height=height)
        .mark_line(strokeWidth=2, point={"size": 40, "opacity": 1 if alone else 0, "aria": False}, aria=False)
        .encode(
            x=alt.X("x:Q", title=x_title, scale=scale(log_x), axis=axis(xs, log_x, **steps)),
            y=alt.Y("y:Q", title=y_title, scale=scale(log_y, **y_scale), axis=axis(ys, log_y)),
            color=colour("name", [*dict.fromkeys([*names, *shown])], width, shown),
            strokeDash=alt.when(alt.FieldEqualPredicate(field="name", equal=dashed or ""))
            .then(alt.value([5, 4]))
            .otherwise(alt.value([1, 0])),
            tooltip=tips(name="curve") + tips(",.6~g", x=x_title) + tips(".4~g", y=y_title),
        )
    )


def bars(categories: Sequence[str], series: Sequence[Bars], *, y_title: str, width: int = 400) -> Chart:
    """Groups of bars from zero, one group per category and one bar per series; a non-finite value leaves a gap."""
    alt = require_altair()
    rows = []
    for bar in series:
        values = np.ravel(np.asarray(bar.values, float))
        errors = np.zeros(len(values)) if bar.errors is None else np.nan_to_num(np.ravel(np.asarray(bar.errors, float)))
        for category, value, error in zip(categories, values.tolist(), errors.tolist(), strict=True):
            if math.isfinite(value):
                row = {"name": bar.name, "category": category, "value": value, "error": error}
                rows.append(row | {"low": value - error, "high": value + error})
    names = [bar.name for bar in series]
    base = alt.Chart(alt.InlineData(values=rows), width=width, height=240).encode(
        x=alt.X("category:N", title=None, sort=list(categories), axis=alt.Axis(labelAngle=0, ticks=False)),
        xOffset=alt.XOffset("name:N", sort=names),
        tooltip=[
            *(alt.Tooltip(f"{field}:N", title=title) for field, title in (("name", "method"), ("category", "measure"))),
            *(
                alt.Tooltip(f"{field}:Q", title=title, format=".3f")
                for field, title in (("value", "mean"), ("error", "±"))
            ),
        ],
    )
    drawn = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("value:Q", title=y_title, stack=None), color=colour("name", names, width, symbol="square")
    )
    whiskers = base.transform_filter("datum.error > 0").mark_rule(strokeWidth=1.5)
    whiskers = whiskers.encode(y=alt.Y("low:Q", title=y_title), y2="high:Q")
    return alt.layer(drawn, *([whiskers] if any(row["error"] > 0 for row in rows) else []))


def strips(series: Sequence[Strip], *, x_title: str, reference_name: str = "published", width: int = 330) -> Chart:
    """One row per method: runs as dots; below, mean and population standard deviation; the reference as a ring."""
    alt = require_altair()
    runs, means = [], []
    for strip in series:
        values = finite(strip.values)
        runs += [{"name": strip.name, "value": v, "run": i} for i, v in enumerate(values.tolist(), start=1)]
        row: Row = {"name": strip.name, "runs": len(values), "reference": None}
        if len(values):
            mean, std = float(values.mean()), float(values.std())
            row |= {"mean": mean, "std": std, "low": mean - std, "high": mean + std}
        if strip.reference is not None and math.isfinite(strip.reference):
            row["reference"] = float(strip.reference)
        means.append(row)
    names = [strip.name for strip in series]
    compared = any(row["reference"] is not None for row in means)
    legend = "dots: runs; line: mean ± standard deviation" + (f"; ring: {reference_name}" if compared else "")
    rows = alt.Y("name:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=alt.Axis(ticks=False))
    value = alt.Scale(zero=False, nice=False, padding=12)
    summary = tips(name="method") + tips("d", runs="runs") + tips(".4f", mean="mean", std="std")
    lines = (
        alt.Chart(alt.InlineData(values=means)).transform_filter("isValid(datum.mean)").encode(y=rows, tooltip=summary)
    )
    dots = alt.Chart(alt.InlineData(values=runs)).mark_circle(size=55, opacity=0.75, yOffset=-8)
    by_name = alt.Scale(domain=names)
    layers = [
        dots.encode(
            x=alt.X("value:Q", title=x_title, scale=value),
            y=rows,
            color=alt.Color("name:N", scale=by_name, legend=None),
            tooltip=tips(name="method") + tips("d", run="run") + tips(".4f", value=x_title),
        ),
        lines.mark_rule(strokeWidth=1.5, yOffset=9, y2Offset=9).encode(x=alt.X("low:Q", scale=value), x2="high:Q"),
        lines.mark_tick(thickness=2, height=10, yOffset=9).encode(x=alt.X("mean:Q", scale=value)),
    ]
    if compared:
        known = alt.Chart(alt.InlineData(values=means)).transform_filter("isValid(datum.reference)")
        rings = known.mark_point(size=60, strokeWidth=1.8, yOffset=9).encode(
            x=alt.X("reference:Q", scale=value),
            y=rows,
            stroke=alt.Color("name:N", scale=by_name, legend=None),
            tooltip=tips(name="method") + tips(".4f", reference=reference_name),
        )
        layers.append(rings)
    return alt.layer(*layers, title=legend, width=width, height=alt.Step(46))


def colour(
    field: str,
    names: Sequence[str],
    width: int,
    shown: Sequence[str] | None = None,
    symbol: str = "circle",
    shades: Sequence[str] | None = None,
) -> Any:
    """A colour encoding of names, with a legend above the plot in as many columns as fit its width.

    Args:
        field: The field of the rows that holds the names.
        names: All names that have a colour, in the order of the theme's colours.
        width: The width of the plot, in pixels.
        shown: The names in the legend; None for all.
        symbol: The shape of the legend's entries.
        shades: Colours of the names, in place of the theme's.
    """
    alt = require_altair()
    listed = list(names if shown is None else shown)
    widest = max((text_width(name) for name in listed), default=0) + 36
    columns = max(1, min(len(listed), int(width // widest)))
    legend = alt.Legend(orient="top", title=None, columns=columns, values=listed, symbolType=symbol, symbolOpacity=1)
    chosen = {} if shades is None else {"range": list(shades)}
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(names), **chosen), legend=legend)


def tips(form: str | None = None, /, **titles: str) -> list[Any]:
    """Fields of a tooltip with their titles; numbers in a d3 format, None for texts."""
    alt = require_altair()
    kind, more = ("N", {}) if form is None else ("Q", {"format": form})
    return [alt.Tooltip(f"{field}:{kind}", title=title, **more) for field, title in titles.items()]


def scale(log: bool, **more: Any) -> Any:
    """A quantitative scale that need not show zero."""
    alt = require_altair()
    return alt.Scale(type="log", nice=False, **more) if log else alt.Scale(**{"zero": False, **more})


def axis(values: Iterable[float | None], log: bool, **more: Any) -> Any:
    """An axis for these values; a logarithmic one has ticks at 1, 2 and 5 times powers of ten, or at powers alone."""
    alt = require_altair()
    shown = [value for value in values if value is not None and value > 0]
    if not log or not shown:
        return alt.Axis(**more)
    powers = range(math.floor(math.log10(min(shown))), math.ceil(math.log10(max(shown))) + 1)
    multiples = (1, 2, 5) if len(powers) < 6 else (1,)
    ticks = [m * 10.0**p for p in powers for m in multiples if min(shown) <= m * 10.0**p <= max(shown)]
    return alt.Axis(values=ticks, tickCount=len(ticks), labelOverlap="greedy")


def significant(value: float) -> float | None:
    """The value to six digits, more than a figure can show; None if it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _drawn(value: float, log: bool) -> bool:
    return math.isfinite(value) and (value > 0 or not log)
