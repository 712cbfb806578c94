"""Results of `archflow bench experts`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.experts_report import experts_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class ExpertsTable(Described):
    """Kendall tau over draws, by part with sources, number of labels and method."""

    metric: str
    sources: list[str]
    cells: dict[str, dict[str, dict[str, Annotated[list[Number], MinLen(1)]]]]


class ExpertsConfig(Described):
    budgets: list[str]
    draws: Count


class ExpertsResult(Described):
    machine: Machine
    config: ExpertsConfig
    tables: dict[str, ExpertsTable]
    skipped: dict[str, str]


def experts_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    return paragraphs(
        f"Kendall tau, mean and deviation over {record.config['draws']} draws of the labels. {processor(result)}.",
        experts_report(result),
        made_by(record, name, place),
    )


EXPERTS = Kind(
    "experts",
    "Cheap metrics, earlier epochs and other tasks",
    ExpertsResult,
    experts_section,
    "[Experts](experts.md) use columns that are related to the metric. They are compared with a network "
    "whose encoder learnt to rank all of these columns before it learnt the labels, one whose encoder did "
    "not, a Gaussian process and trees with the columns as features, and the column that ranks the labels "
    "best. Where a column is not known for all architectures, it is missing for candidates too.",
    expected=False,
)
"""How the page shows them."""
