"""The report of an evaluation: how well predictors rank a table after learning from a few of its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from archflow.report import html
from archflow.report.figures import Row, curves, significant, tips
from archflow.report.measures import measure, rounded
from archflow.report.page import Figures, write_page
from archflow.report.ranked import GUIDE
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

Budget = Mapping[str, Any]
"""Results for one number of labels: `labels`, `repetitions`, `judged`, `predictors` (rows with `predictor`,
`weight`, measures and their `_error`, None where there is none), `coverage` (held, by what was asked)."""

BLEND = "blend"


@dataclass(frozen=True)
class Predictions:
    """Predictions of M held-out architectures with their labels, (M,) each, in the metric's unit.

    Attributes:
        predicted: The predictions.
        measured: The labels.
        low, high: The ends of 80 % intervals, NaN if there is no interval.
        metric: Name of the metric.
    """

    predicted: ArrayLike
    measured: ArrayLike
    low: ArrayLike
    high: ArrayLike
    metric: str


def evaluation_report(
    path: str | Path,
    *,
    title: str,
    verdict: Sequence[str],
    budgets: Sequence[Budget],
    predictions: Predictions,
    chance: str = "random order",
    figures_folder: str | Path | None = None,
) -> None:
    """Write one self-contained HTML file, completely or not at all.

    Args:
        path: The file.
        title: Its heading.
        verdict: The conclusions, one sentence each.
        budgets: Results by ascending number of labels; the page shows details of the largest.
        predictions: Predictions of one draw.
        chance: The predictor that represents a random order.
        figures_folder: Where every figure is also written as PNG, SVG and PDF.

    Raises:
        ArchflowError: If the file cannot be written, or the extra `report` is missing.
    """
    last, figures = budgets[-1], Figures()
    write_page(
        path,
        title,
        html.paragraph(" ".join(verdict[:2]), "lead"),
        *(html.paragraph(sentence) for sentence in verdict[2:]),
        html.facts(
            [
                ("metric", predictions.metric),
                ("labels", ", ".join(f"{each['labels']:,}" for each in budgets)),
                ("draws", last["repetitions"]),
                ("judged on", f"{last['judged']:,} others"),
            ]
        ),
        html.section(
            f"What ranks how well after {last['labels']:,} labels?",
            html.group("columns", [_shown_bars(figures, last, chance), _meanings(last)]),
            _table(last),
        ),
        _curve(figures, budgets, chance),
        _predicted(figures, predictions),
        _coverage(figures, last),
        figures=figures,
        figures_folder=figures_folder,
    )


def _top(budget: Budget) -> str:
    """The precision measure to show: with few architectures, the best 1 % is hardly one architecture."""
    return "p_at_1" if budget["judged"] >= 1000 else "top_ten"


def _table(budget: Budget) -> str:
    keys = ("tau", _top(budget), "regret_at_10")
    rows = budget["predictors"]
    best = {key: (min if key.startswith("regret") else max)(row[key] for row in rows) for key in keys}
    lines = [
        [html.Cell(row["predictor"]), html.Cell("–" if row["weight"] is None else f"{100 * row['weight']:.0f} %")]
        + [html.Cell(rounded(row[key], row.get(f"{key}_error")), row[key] == best[key]) for key in keys]
        for row in rows
    ]
    heads = ["predictor", "weight", *(_called(key) for key in keys)]
    several = budget["repetitions"] > 1
    return html.table(heads, lines, "Means over the draws, in brackets their standard errors." if several else "")


def _called(key: str) -> str:
    known = measure(key)
    return known.name if known else "top ten"


def _meanings(budget: Budget) -> str:
    pairs = [("weight", "weight of a component in the blend; all weights sum to 100 %")]
    for key in ("tau", _top(budget), "regret_at_10"):
        known = measure(key)
        meaning = known.meaning if known else "fraction of the ten predicted best that is truly among the ten best"
        pairs.append((_called(key), meaning))
    return html.terms(pairs)


def _shown_bars(figures: Figures, budget: Budget, chance: str) -> str:
    rows = [row for row in budget["predictors"] if row["predictor"] != chance]
    caption = "Higher is better: 1 is the measured order, 0 a random one."
    if any(row["tau_error"] for row in rows):
        caption += " Whiskers: standard error over the draws."
    return figures.show("tau", tau_figure(rows), caption)


def tau_figure(predictors: Sequence[Mapping[str, Any]]) -> Chart:
    """Kendall's tau of every predictor, one bar each, the best first."""
    alt = require_altair()
    rows = [
        {
            "name": row["predictor"],
            "tau": significant(row["tau"]),
            "low": significant(row["tau"] - (row["tau_error"] or 0)),
            "high": significant(row["tau"] + (row["tau_error"] or 0)),
            "error": row["tau_error"],
            "what": BLEND if row["predictor"].startswith(BLEND) else "component",
        }
        for row in predictors
    ]
    names = [row["name"] for row in rows]
    base = alt.Chart(alt.InlineData(values=rows), width=330, height=alt.Step(28)).encode(
        y=alt.Y("name:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=alt.Axis(ticks=False)),
        tooltip=[*tips(name="predictor"), *tips(".3f", tau="Kendall tau", error="±")],
    )
    drawn = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("tau:Q", title="Kendall tau", stack=None),
        color=alt.Color("what:N", scale=alt.Scale(domain=[BLEND, "component"]), legend=None),
    )
    whiskers = base.transform_filter("isValid(datum.error)").mark_rule(strokeWidth=1.5)
    return alt.layer(drawn, whiskers.encode(x=alt.X("low:Q", title="Kendall tau"), x2="high:Q"))


def _curve(figures: Figures, budgets: Sequence[Budget], chance: str) -> str:
    if len(budgets) < 2:
        return ""
    caption = "All numbers of labels are judged on the same architectures; a smaller draw is part of a larger one."
    chart = labels_figure(budgets, chance)
    return html.section("What do more labels bring?", figures.show("labels", chart, caption))


def labels_figure(budgets: Sequence[Budget], chance: str) -> Chart:
    """Kendall's tau of every predictor over the number of labels."""
    names = [row["predictor"] for row in budgets[-1]["predictors"] if row["predictor"] != chance]
    names.sort(key=lambda name: name != BLEND)
    labels = [each["labels"] for each in budgets]
    found = [{row["predictor"]: row["tau"] for row in each["predictors"]} for each in budgets]
    series = {name: (labels, [each.get(name, float("nan")) for each in found]) for name in names}
    return curves(series, x_title="labels", y_title="Kendall tau", width=560)


def _predicted(figures: Figures, given: Predictions) -> str:
    columns = (given.predicted, given.measured, given.low, given.high)
    values = [np.asarray(each, np.float64).ravel().tolist() for each in columns]
    keys = ("predicted", "measured", "low", "high")
    rows: list[Row] = [dict(zip(keys, map(significant, row), strict=True)) for row in zip(*values, strict=True)]
    caption = "Every dot is a held-out architecture of the first draw; the dashed line is where "
    caption += "predictions are right."
    if any(row["low"] is not None for row in rows):
        caption += " Bars are the intervals that should contain 80 % of the measured values."
    return html.section(
        "Predicted against measured",
        figures.show("predicted-against-measured", dots_figure(rows, given.metric), caption),
    )


def dots_figure(rows: Sequence[Mapping[str, Any]], metric: str) -> Chart:
    """Measured values over predicted ones, with their intervals."""
    alt = require_altair()
    scale = alt.Scale(zero=False)
    x = alt.X("predicted:Q", title=f"predicted {metric}", scale=scale)
    base = alt.Chart(alt.InlineData(values=list(rows)), width=560, height=340).encode(
        tooltip=tips(".5~g", predicted="predicted", measured="measured", low="from", high="to")
    )
    crowded = len(rows) > 200
    bars = base.transform_filter("isValid(datum.low)").mark_rule(
        strokeWidth=1, opacity=0.12 if crowded else 0.3, aria=False
    )
    dots = base.mark_circle(size=16 if crowded else 36, opacity=0.7, aria=False)
    ends = [row["predicted"] for row in rows if row["predicted"] is not None]
    line = [{"at": min(ends, default=0.0)}, {"at": max(ends, default=0.0)}]
    guide = alt.Chart(alt.InlineData(values=line)).mark_line(strokeDash=[5, 4], strokeWidth=1, color=GUIDE)
    return alt.layer(
        bars.encode(x=x, y=alt.Y("low:Q", title=metric, scale=scale), y2="high:Q"),
        guide.encode(x=alt.X("at:Q", title=f"predicted {metric}", scale=scale), y=alt.Y("at:Q", title=metric)),
        dots.encode(x=x, y=alt.Y("measured:Q", title=metric, scale=scale)),
    )


def _coverage(figures: Figures, budget: Budget) -> str:
    held = {float(asked): each for asked, each in budget["coverage"].items() if each is not None}
    if not held:
        return ""
    asked = sorted(held)
    ideal = [0.0, *asked, 1.0]
    chart = curves(
        {"held": (asked, [held[each] for each in asked]), "asked": (ideal, ideal)},
        x_title="asked: fraction of values",
        y_title="held",
        dashed="asked",
        y_domain=(0.0, 1.0),
        width=330,
    )
    rows = [[html.Cell(f"{100 * each:.0f} %"), html.Cell(f"{100 * held[each]:.0f} %")] for each in asked]
    caption = "Below the dashed line, intervals are too narrow; above it, too wide."
    shown = [figures.show("coverage", chart, caption), html.table(["asked", "held"], rows)]
    return html.section("Are the intervals calibrated?", html.group("columns", shown))
