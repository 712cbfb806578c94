"""Results of `archflow bench explain`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.explain_report import explain_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class ExplainConfig(Described):
    metric: str
    labels: Count
    cells: Count
    draws: Count


class ExplainResult(Described):
    """Measures of every draw, by method."""

    machine: Machine
    config: ExplainConfig
    methods: Annotated[dict[str, Annotated[list[dict[str, Number]], MinLen(1)]], MinLen(1)]


def explain_section(name: str, record: Record, place: str) -> str:
    """The table, and the command."""
    config = record.config
    return paragraphs(
        f"Mean and deviation over {config['draws']} draws of {config['labels']} labels of {config['metric']} and of "
        f"{config['cells']} cells with all their changes. {processor(record.content)}.",
        explain_report(record.content),
        made_by(record, name, place),
    )


EXPLAIN = Kind(
    "explain",
    "Predicted effects of single changes",
    ExplainResult,
    explain_section,
    "Whether [explanations](explain.md) are correct: every cell of NAS-Bench-201 was measured, so the "
    "effect of changing one operation is known. *Within a cell* compares the changes of one cell with "
    "each other. *Effect of the best change* is the measured effect, in points, of the change that the "
    "method predicts to be best. The last columns are the fractions of measured effects within one and "
    "two predicted standard deviations.",
    expected=False,
)
"""How the page shows them."""
