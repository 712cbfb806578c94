"""Results of `archflow bench travel`."""

from __future__ import annotations

from typing import Annotated, Self

from annotated_types import MinLen
from pydantic import model_validator

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor
from archflow_reproduce.results.travel_report import travel_report


class Cell(Described):
    """A method on a table: measures of every run, and means over the runs."""

    measures: Annotated[dict[str, Annotated[list[Number], MinLen(1)]], MinLen(1)]
    means: dict[str, Number]
    commits: list[str | None] = []  # noqa: RUF012 - pydantic copies it


class TravelTable(Described):
    hash: str = ""
    family: str
    measured: Count
    pool: Count
    labels: dict[str, Count]
    cells: dict[str, dict[str, Cell]]


class TravelConfig(Described):
    budgets: list[str]
    runs: Count
    ours: list[str]


class TravelResult(Described):
    machine: Machine
    config: TravelConfig
    rows: str
    tables: dict[str, TravelTable]
    skipped: dict[str, str]

    @model_validator(mode="after")
    def _every_budget_has_its_cells(self) -> Self:
        for name, table in self.tables.items():
            if any(str(table.labels.get(budget)) not in table.cells for budget in self.config.budgets):
                raise ValueError(f"table {name} lacks a budget")
        return self


def travel_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    return paragraphs(
        f"### Rows: {result['rows']}",
        f"{len(result['tables'])} tables, at most {record.config['runs']} runs per figure. {processor(result)}.",
        travel_report(result),
        made_by(record, name, place),
    )


TRAVEL = Kind(
    "travel",
    "Many tables, few labels",
    TravelResult,
    travel_section,
    "Predictors compared with trees, ridge regression and Gaussian processes that get the same labels, "
    "architectures and known columns. Three runs use three model seeds on three permutations; labels that "
    "a method holds back for validation count as labels. Architectures are divided by their hash: choices "
    "are made on *development* rows, results are reported on the others. One column per table; *rank* is "
    "the mean over tables of a method's rank on each.",
    expected=False,
)
"""How the page shows them."""
