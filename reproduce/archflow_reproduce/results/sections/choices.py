"""Results of `archflow bench choices`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.choices_report import choices_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor

Draws = dict[str, Annotated[list[Number], MinLen(1)]]


class ChoicesCell(Described):
    """Lists over the draws."""

    measures: Draws
    rules: Draws
    components: Draws


class ChoicesTable(Described):
    family: str
    cells: dict[str, ChoicesCell]


class ChoicesConfig(Described):
    budgets: list[str]
    draws: Count
    recipe: str


class ChoicesResult(Described):
    machine: Machine
    config: ChoicesConfig
    rows: str
    tables: dict[str, ChoicesTable]
    skipped: dict[str, str]


def choices_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result, config = record.content, record.config
    return paragraphs(
        f"### Recipe {config['recipe']}, {result['rows']} rows",
        f"{len(result['tables'])} tables, {config['draws']} draws of the labels. {processor(result)}.",
        choices_report(result),
        made_by(record, name, place),
    )


CHOICES = Kind(
    "choices",
    "Blending rules and coverage of intervals",
    ChoicesResult,
    choices_section,
    "The same fitted components, blended by different rules: *today* is that of `StackedPredictor`; "
    "*equal* gives all components the same weight; *best* uses the component with the best predictions of "
    "held-out labels; *regression* is non-negative least squares; *straight scores* leaves the distribution of "
    "networks' scores as it is; the others change one setting of *today*. Rules are compared on development rows, on "
    "which no other results are reported.",
    expected=False,
)
"""How the page shows them."""
