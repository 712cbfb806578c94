"""Results of `archflow bench workers`."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt, MinLen

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.workers_report import workers_tables


class WorkersConfig(Described):
    count: Count
    encoder: str


class WorkersResult(Described):
    machine: Machine
    config: WorkersConfig
    seconds: dict[Literal["processes", "ray"], Annotated[dict[str, Annotated[Number, Gt(0)]], MinLen(1)]]


def workers_section(name: str, record: Record, place: str) -> str:
    """The table, and the command."""
    return paragraphs(*workers_tables(record.content), made_by(record, name, place))


WORKERS = Kind(
    "workers",
    "Several workers",
    WorkersResult,
    workers_section,
    "How much faster [several workers](scale.md#several-machines) rank a search space than one.",
    expected=False,
)
"""How the page shows them."""
