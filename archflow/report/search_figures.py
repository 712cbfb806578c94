"""The figures of a search report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from archflow.report.figures import Row, colour, scale, significant, tips
from archflow.report.ranked import GUIDE
from archflow.report.search_facts import SearchFacts, Values
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

NOT_COUNTED = "stopped early, or breaks a constraint"
STATES = ("measured", "stopped early", "failed")
WIDTH = 620
ONE, BEST = "#4a86d0", "#d2571d"
"""Colours of single evaluations and of the best, for light and dark backgrounds."""

EARLY_TO_LATE = ("#a9cbee", "#1c5cab")
"""Shades of the first and the last query."""


def best_figure(facts: SearchFacts) -> Chart:
    """Every evaluation, and the best so far."""
    alt = require_altair()
    name = facts.metrics[0]
    rows: list[Row] = [
        {
            "query": place + 1,
            "value": significant(float(value)),
            "best": significant(float(facts.best_so_far[place])),
            "state": "measured" if facts.counted[place] else NOT_COUNTED,
        }
        for place, value in enumerate(facts.values[:, 0])
    ]
    shown = facts.values[facts.counted, 0].tolist()
    focus = _focus(shown, facts.objectives[0].startswith("-"))
    x = _queries(len(rows))
    y = {"title": name, "scale": scale(False, **({"domain": focus, "clamp": True} if focus else {}))}
    base = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=280)
    dots = base.transform_filter("isValid(datum.value)").mark_circle(size=34, opacity=0.6, aria=False)
    dots = dots.encode(
        x=x,
        y=alt.Y("value:Q", **y),
        color=colour("state", ["measured", NOT_COUNTED], WIDTH, shades=[ONE, GUIDE])
        if not facts.counted.all()
        else alt.value(ONE),
        tooltip=[*tips("d", query="query"), *tips(".5~g", value=name, best="best so far")],
    )
    line = base.transform_filter("isValid(datum.best)").mark_line(interpolate="step-after", strokeWidth=2, aria=False)
    return alt.layer(dots, line.encode(x=x, y=alt.Y("best:Q", **y), color=alt.value(BEST)))


def steps_figure(values: Values, title: str, lower: bool) -> Chart:
    """Values (R,) by query as a step function."""
    alt = require_altair()
    rows: list[Row] = [
        {"query": place + 1, "value": significant(float(value))}
        for place, value in enumerate(values)
        if np.isfinite(value)
    ]
    focus = _focus([row["value"] for row in rows], lower)
    limits = {"domain": focus, "clamp": True} if focus else {}
    line = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=150).mark_line(
        interpolate="step-after", strokeWidth=2, aria=False
    )
    return line.encode(
        x=_queries(len(values)), y=alt.Y("value:Q", title=title, scale=scale(False, **limits)), color=alt.value(BEST)
    )


def _queries(count: int) -> Any:
    """An axis for `count` queries."""
    alt = require_altair()
    domain = alt.Scale(domain=[1, max(count, 2)], nice=False)
    return alt.X("query:Q", title="query", axis=alt.Axis(tickMinStep=1), scale=domain)


def _focus(values: Sequence[float], lower: bool) -> list[float] | None:
    """A range that excludes a few bad values which would compress all others; excluded values are drawn at its edge."""
    if len(values) < 8:
        return None
    low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
    good, bad = (low, high) if lower else (high, low)
    cut = np.quantile(values, 0.9 if lower else 0.1)
    if abs(bad - middle) <= 4 * abs(good - middle) or cut == good:
        return None
    margin = 0.06 * abs(good - cut)
    return [float(min(good, cut) - margin), float(max(good, cut) + margin)]


def front_figure(facts: SearchFacts, other: int) -> Chart:
    """The first objective against another one, with the Pareto front."""
    alt = require_altair()
    names = [facts.metrics[0], facts.metrics[other]]
    kinds = ["Pareto front", "dominated"]
    front = set(facts.front)
    rows: list[Row] = [
        {
            "query": place + 1,
            "x": significant(float(facts.values[place, other])),
            "y": significant(float(facts.values[place, 0])),
            "kind": kinds[place not in front],
        }
        for place in range(len(facts.values))
        if np.isfinite(facts.values[place]).all()
    ]
    rows.sort(key=lambda row: row["kind"] == kinds[0])  # the front is drawn on top
    base = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=340)
    x = alt.X("x:Q", title=names[1], scale=scale(False))
    y = alt.Y("y:Q", title=names[0], scale=scale(False))
    dots = base.mark_circle(size=40, opacity=0.75, aria=False).encode(
        x=x,
        y=y,
        color=colour("kind", kinds, WIDTH, shades=[BEST, GUIDE]),
        tooltip=[*tips("d", query="query"), *tips(".5~g", y=names[0], x=names[1])],
    )
    if len(facts.objectives) > 2:
        return dots
    line = base.transform_filter("datum.kind == 'Pareto front'").mark_line(strokeWidth=1.5, aria=False)
    return alt.layer(line.encode(x=x, y=y, order="x:Q", color=alt.value(GUIDE)), dots)


def belief_figure(facts: SearchFacts) -> Chart:
    """Predicted against measured values."""
    alt = require_altair()
    name = facts.metrics[0]
    rows: list[Row] = [
        {
            "query": each.query,
            "mean": significant(each.mean),
            "low": significant(each.mean - each.deviation),
            "high": significant(each.mean + each.deviation),
            "measured": significant(each.measured),
        }
        for each in facts.beliefs
    ]
    x = alt.X("measured:Q", title=f"measured {name}", scale=scale(False))
    base = alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=340)
    bars = base.mark_rule(strokeWidth=1, opacity=0.25, aria=False)
    dots = base.mark_circle(size=44, opacity=0.8, aria=False)
    ends = [min(row["measured"] for row in rows), max(row["measured"] for row in rows)]
    line = alt.Chart(alt.InlineData(values=[{"at": end} for end in ends]))
    shade = alt.Color("query:Q", title="query", scale=alt.Scale(range=list(EARLY_TO_LATE)))
    return alt.layer(
        bars.encode(x=x, y=alt.Y("low:Q", title=f"believed {name}", scale=scale(False)), y2="high:Q"),
        line.mark_line(strokeDash=[5, 4], strokeWidth=1, color=GUIDE).encode(x="at:Q", y="at:Q"),
        dots.encode(
            x=x,
            y=alt.Y("mean:Q", title=f"believed {name}", scale=scale(False)),
            color=shade,
            tooltip=[*tips("d", query="query"), *tips(".5~g", mean="believed", low="from", high="to", measured=name)],
        ),
    )


def workers_figure(facts: SearchFacts, count: int) -> Chart:
    """A timeline of each worker's evaluations."""
    alt = require_altair()
    unit, length = next(
        ((unit, length) for unit, length in (("hours", 3600), ("minutes", 60)) if facts.seconds >= 2 * length),
        ("seconds", 1),
    )
    rows: list[Row] = [
        {
            "worker": str(bar.worker + 1),
            "begin": significant(bar.begin / length),
            "end": significant(bar.end / length),
            "state": bar.state,
            "number": bar.number,
        }
        for bar in facts.bars
    ]
    present = [state for state in STATES if any(bar.state == state for bar in facts.bars)]
    names = [str(worker + 1) for worker in range(count)]
    y = alt.Y("worker:N", title="worker", sort=names, scale=alt.Scale(domain=names), axis=alt.Axis(ticks=False))
    title = f"simulated {unit}" if facts.simulated else unit
    return (
        alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=alt.Step(26))
        .mark_bar(height={"band": 0.7}, stroke="#ffffff", strokeWidth=0.5, aria=False)
        .encode(
            x=alt.X("begin:Q", title=title, scale=alt.Scale(nice=False)),
            x2="end:Q",
            y=y,
            color=colour("state", list(STATES), WIDTH, present, symbol="square", shades=[ONE, GUIDE, BEST]),
            tooltip=[*tips("d", number="architecture"), *tips(state="state"), *tips(".4~g", begin="from", end="to")],
        )
    )
