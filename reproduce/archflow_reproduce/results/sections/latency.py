"""Results of `archflow bench latency`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.latency_report import latency_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor

Draws = Annotated[list[Number], MinLen(1)]


class LatencyCell(Described):
    """The scores of a method, by draw of the labels."""

    mape: Draws
    within_5: Draws
    within_10: Draws
    spearman: Draws
    kendall: Draws


class LatencyTableResult(Described):
    """Scores by number of labels and method, or why a method cannot be used."""

    rows: Count
    structures: Count
    cells: dict[str, dict[str, LatencyCell | str]]


class LatencyConfig(Described):
    draws: Count


class LatencyResult(Described):
    machine: Machine
    config: LatencyConfig
    tables: dict[str, LatencyTableResult]
    skipped: dict[str, str]


def latency_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    return paragraphs(
        f"Means and deviations over {record.config['draws']} draws of the labels. "
        "Networks to learn from and to judge on have different structures. "
        f"{processor(result)}.",
        latency_report(result),
        made_by(record, name, place),
    )


LATENCY = Kind(
    "latency",
    "Latency",
    LatencyResult,
    latency_section,
    "Mean absolute percentage error, fractions of predictions within 5 and 10 %, and rank correlations of "
    "predicted latencies, for archflow's predictors and [the predictors they are compared "
    "with](devices.md#what-predictors-are-compared-with).",
    expected=False,
)
"""How the page shows them."""
