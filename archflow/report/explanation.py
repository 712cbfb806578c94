"""The report of an explanation: the graph coloured by attributions, the best and worst changes, and the blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from archflow.report import html
from archflow.report.explanation_drawing import draw_attribution, legend, placement
from archflow.report.explanation_facts import ExplanationFacts
from archflow.report.explanation_words import METHODS, block_sentences, effect_text, extremes, prediction_text
from archflow.report.graph_drawing import Drawable
from archflow.report.page import Figures, write_page
from archflow.report.svg import element, escape, number

BAR = 110.0
"""Width of the column of bars, in pixels."""

NARROW = 560.0
"""Up to this width in pixels, the drawing stands beside the tables."""

LONGEST_NAME = 400
"""Longer names of architectures are shortened."""

BLOCKS = 12
"""The maximum number of blocks that are shown."""


def explanation_report(
    path: str | Path, explanation: ExplanationFacts, architecture: Drawable, name: str, top: int = 10
) -> None:
    """Write one self-contained HTML file, whole or not at all.

    Args:
        path: The file (.html).
        explanation: What to show.
        architecture: The architecture that it explains.
        name: What the architecture is called.
        top: How many of the best and of the worst changes to show.

    Raises:
        ArchflowError: If the file cannot be written.
    """
    first, *others = explanation.attributions
    drawings = _drawing(explanation, architecture, first)
    drawings += "".join(
        html.details(f"Coloured by {METHODS[method]}", _drawing(explanation, architecture, method)) for method in others
    )
    narrow = placement(architecture).width <= NARROW
    tables = html.group("stacked" if narrow else "columns", _changes(explanation, top))
    caption = "± is the standard deviation over the predictor's models, each of which predicts both sides."
    both = element("div", drawings) + element("div", tables + html.paragraph(caption, "muted"))
    content = (
        element("p", element("code", escape(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"))),
        html.facts(_tiles(explanation)),
        html.section(
            "What matters, and what would change it", element("div", both, class_="beside" if narrow else None)
        ),
        html.section("Blocks", _list(block_sentences(explanation, BLOCKS))),
        html.section("Notes", _list(_notes(explanation))),
    )
    style = element("style", _style())
    title = prediction_text(explanation)
    body = style + element("div", "".join(content), class_="explained")
    write_page(path, title[0].upper() + title[1:], body, figures=Figures())


def _drawing(explanation: ExplanationFacts, architecture: Drawable, method: str) -> str:
    shown = explanation.attributions[method]
    drawing = element("div", draw_attribution(architecture, method, explanation.attributions), class_="panel")
    caption = f"Colours: {shown.about}. Dashed: no number. Hover over a node or an edge for its numbers."
    return legend(shown, explanation.metric) + html.figure(drawing, caption)


def _tiles(explanation: ExplanationFacts) -> list[tuple[str, object]]:
    better = "lower" if explanation.lower_is_better else "higher"
    return [
        ("metric", f"{explanation.metric} ({better} is better)"),
        ("nodes, edges", f"{len(explanation.ops):,}, {len(explanation.edges):,}"),
        ("changes", f"{len(explanation.changes):,}"),
        ("to", explanation.valid),
    ]


def _changes(explanation: ExplanationFacts, top: int) -> list[str]:
    """The table of the best changes, and that of the worst."""
    best, worst = extremes(explanation, top)
    shown = [explanation.changes[place].effect for place in (*best, *worst)]
    most = max((abs(each.value) for each in shown if math.isfinite(each.value)), default=0.0) or 1.0
    measured = any(math.isfinite(explanation.changes[place].measured) for place in (*best, *worst))
    verbs = ("lower", "raise") if explanation.lower_is_better else ("raise", "lower")
    return [
        element("div", element("h3", escape(heading)) + _table(explanation, places, most, measured))
        for heading, places in (
            (f"Best: {verbs[0]} {explanation.metric}", best),
            (f"Worst: {verbs[1]} {explanation.metric}", worst),
        )
    ]


def _table(explanation: ExplanationFacts, places: Sequence[int], most: float, measured: bool) -> str:
    if not places:
        return html.paragraph("None of the changes.", "muted")
    unit = f", {explanation.unit}" if explanation.unit else ""
    heads = ["change", f"effect{unit}", "", *([f"measured{unit}"] if measured else [])]
    lines = [element("tr", "".join(element("th", escape(head), scope="col") for head in heads))]
    for place in places:
        change = explanation.changes[place]
        cells = [
            element("td", escape(change.text)),
            element("td", escape(effect_text(change.effect, ""))),
            element("td", _bar(change.effect.value, change.effect.std, most), class_="effect"),
        ]
        if measured:
            text = f"{change.measured:+.3g}" if math.isfinite(change.measured) else ""
            cells.append(element("td", escape(text)))
        lines.append(element("tr", "".join(cells)))
    return element("div", element("table", "\n".join(lines)), class_="scroll")


def _bar(value: float, std: float, most: float) -> str:
    """A bar from the middle, with a whisker of one standard deviation to either side of its end."""
    middle = BAR / 2
    end = middle + value / most * 0.8 * middle
    left, width = min(middle, end), max(abs(end - middle), 0.5)
    kind = "bar-raises" if value >= 0 else "bar-lowers"
    parts = [
        element("rect", x=left, y=3.0, width=width, height=10.0, class_=kind),
        element("path", d=f"M{number(middle)} 0v16", class_="axis"),
    ]
    if math.isfinite(std) and std > 0:
        reach = std / most * 0.8 * middle
        low, high = max(end - reach, 0.0), min(end + reach, BAR)
        parts.append(element("path", d=f"M{number(low)} 8H{number(high)}", class_="whisker"))
    return element("svg", "".join(parts), width=BAR, height=16.0, role="img", aria_label=f"{value:+.3g}")


def _notes(explanation: ExplanationFacts) -> list[str]:
    return [f"Changes are to {explanation.valid}.", *(f"{note[0].upper()}{note[1:]}." for note in explanation.notes)]


def _list(lines: Sequence[str]) -> str:
    return element("ul", "".join(element("li", escape(line)) for line in lines)) if lines else ""


@cache
def _style() -> str:
    return (files("archflow.report") / "explanation.css").read_text(encoding="utf-8")
