"""The report of a search: its progress, its results, and the predictions of its model."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from archflow.report import html
from archflow.report.graph_drawing import draw_architecture, operation_hues
from archflow.report.page import Figures, write_page
from archflow.report.search_facts import SearchFacts
from archflow.report.search_figures import belief_figure, best_figure, front_figure, steps_figure, workers_figure
from archflow.report.svg import element, escape


def search_report(path: str | Path, facts: SearchFacts) -> None:
    """Write one self-contained HTML file, completely or not at all.

    Raises:
        ArchflowError: If the file cannot be written, or the extra `report` is missing.
    """
    figures = Figures()
    write_page(
        path,
        facts.title,
        html.paragraph(_lead(facts), "lead"),
        html.facts(_tiles(facts)),
        _progress(figures, facts),
        _front(figures, facts),
        _cards(facts),
        _beliefs(figures, facts),
        _proposals(facts),
        _timeline(figures, facts),
        _failures(facts),
        figures=figures,
    )


def duration(seconds: float) -> str:
    """A duration in a suitable unit."""
    for unit, length in (("days", 172_800 / 2), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.3g} s"


def _lead(facts: SearchFacts) -> str:
    count, first = len(facts.values), facts.front[0]
    if len(facts.objectives) > 1:
        return (
            f"{facts.method} measured {count:,} architectures; {len(facts.front)} of them are the Pareto front of "
            f"{' and '.join(facts.metrics)}."
        )
    value = f"{facts.metrics[0]} {facts.values[first, 0]:.5g}"
    also = ", ".join(f"{name} {column[-1]:.5g}" for name, column in facts.reported.items() if column[-1] == column[-1])
    return (
        f"The best of {count:,} architectures has {value}{f' ({also})' if also else ''}; {facts.method} measured it in "
        f"query {first + 1:,}."
    )


def _tiles(facts: SearchFacts) -> list[tuple[str, object]]:
    tiles: list[tuple[str, object]] = [("space", facts.space), ("method", facts.method), ("seed", facts.seed)]
    tiles += [("objective" if len(facts.objectives) == 1 else "objectives", ", ".join(facts.objectives))]
    tiles += [("constraints", ", ".join(facts.constraints))] if facts.constraints else []
    tiles += [("queries", f"{len(facts.values):,}")]
    tiles += [("failed", len(facts.failures))] if facts.failures else []
    stopped = sum(bar.state == "stopped early" for bar in facts.bars)
    tiles += [("stopped early", stopped)] if stopped else []
    if facts.seconds > 0:
        tiles.append(("simulated time" if facts.simulated else "time", duration(facts.seconds)))
    return tiles


def _progress(figures: Figures, facts: SearchFacts) -> str:
    lower = facts.objectives[0].startswith("-")
    caption = "Every dot is an evaluation, the line the best so far"
    caption += f"; {'lower' if lower else 'higher'} is better. Dots on the edge lie beyond it."
    shown = [figures.show("best-so-far", best_figure(facts), caption)]
    known = {name: column for name, column in facts.reported.items() if np.isfinite(column).any()}
    for number, (name, column) in enumerate(known.items()):
        chart = steps_figure(column, f"{name} of the best so far", lower)
        caption = "The search method did not see this metric: it may fall where the line above rises."
        shown.append(figures.show(f"reported-{number}", chart, caption))
    return html.section("How did the search progress?", *shown)


def _front(figures: Figures, facts: SearchFacts) -> str:
    if len(facts.objectives) < 2:
        return ""
    shown = []
    for other in range(1, len(facts.objectives)):
        chart = front_figure(facts, other)
        sides = [
            f"{name.removeprefix('-')} is better when {'lower' if name.startswith('-') else 'higher'}"
            for name in (facts.objectives[0], facts.objectives[other])
        ]
        shown.append(figures.show(f"front-{other}", chart, f"{'; '.join(sides)}. The line joins the Pareto front."))
    return html.section("Which trade-offs are there?", *shown)


def _cards(facts: SearchFacts) -> str:
    hues = operation_hues([op for each in facts.drawn for op in each.architecture.ops])
    cards = []
    for each in facts.drawn:
        heading = element("h3", escape(f"query {each.query:,}"))
        values = ", ".join(f"{name} {value:.5g}" for name, value in each.values.items())
        numbers = html.paragraph(values, "tight") + html.paragraph(each.origin, "muted")
        native = element("code", escape(each.native))
        cards.append(
            element("article", heading + numbers + draw_architecture(each.architecture, hues) + native, class_="card")
        )
    heading = "The best" if len(facts.drawn) == 1 else "Along the front"
    return html.section(heading, html.group("cards", cards))


def _beliefs(figures: Figures, facts: SearchFacts) -> str:
    if len(facts.beliefs) < 2:
        return ""
    inside = [abs(each.measured - each.mean) <= each.deviation for each in facts.beliefs]
    measured = np.array([each.measured for each in facts.beliefs])
    mean = np.array([each.mean for each in facts.beliefs])
    constant = np.ptp(measured) == 0 or np.ptp(mean) == 0
    words = f"Of {len(inside)} values, {100 * np.mean(inside):.0f} % lay within one standard deviation of what was "
    words += "predicted (68 % would, if the deviations were right)."
    if not constant:
        words += f" Correlation of prediction and value: {np.corrcoef(mean, measured)[0, 1]:.2f}."
    caption = "Every dot is an architecture, as predicted before it was measured; bars are one standard "
    caption += "deviation. On the dashed line predictions are exact. Later queries are darker."
    chart = belief_figure(facts)
    return html.section(
        "How good were the predictions?", html.paragraph(words), figures.show("beliefs", chart, caption)
    )


def _proposals(facts: SearchFacts) -> str:
    rows = [
        [
            html.Cell(each.origin),
            html.Cell(f"{each.count:,}"),
            html.Cell(_number(each.mean)),
            html.Cell(_number(each.best)),
        ]
        for each in facts.proposed
    ]
    return html.section(
        "Where did proposals come from?",
        html.paragraph(f"Mean and best are of {facts.metrics[0]}."),
        html.table(["proposed as", "evaluations", "mean", "best"], rows),
    )


def _number(value: float) -> str:
    return f"{value:.5g}" if math.isfinite(value) else "–"


def _timeline(figures: Figures, facts: SearchFacts) -> str:
    if facts.seconds <= 0:
        return ""
    count = 1 + max(bar.worker for bar in facts.bars)
    busy = sum(bar.end - bar.begin for bar in facts.bars) / (count * facts.seconds)
    words = f"{count} {'workers' if count > 1 else 'worker'}, busy {100 * busy:.0f} % of the time."
    return html.section(
        "What did the workers do?",
        html.paragraph(words),
        figures.show("workers", workers_figure(facts, count), "Every bar is an evaluation, from its start to its end."),
    )


def _failures(facts: SearchFacts) -> str:
    if not facts.failures:
        return ""
    rows = [[html.Cell(str(number)), html.Cell(why)] for number, why in facts.failures[:50]]
    more = f"{len(facts.failures) - 50} more." if len(facts.failures) > 50 else ""
    summary = f"{len(facts.failures)} evaluations failed"
    return html.section("What failed?", html.details(summary, html.table(["architecture", "why"], rows, more)))
