"""Results of `archflow bench across`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.across_report import across_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class AcrossConfig(Described):
    labels: Count
    few: Count
    seeds: Count
    judged: Count


class AcrossTable(Described):
    rows: Count


class AcrossResult(Described):
    """Spearman by source, target, method and setting, one figure per seed."""

    machine: Machine
    config: AcrossConfig
    tables: dict[str, AcrossTable]
    cells: Annotated[dict[str, dict[str, dict[str, dict[str, Annotated[list[Number], MinLen(1)]]]]], MinLen(1)]
    published: dict[str, dict[str, dict[str, Number]]]


def across_section(name: str, record: Record, place: str) -> str:
    """The table of every source, and the command."""
    config = record.config
    return paragraphs(
        f"Spearman's rank correlation over at most {config['judged']:,} cells of the target that were neither learnt "
        f"from nor measured, after 0 and {config['few']} others were measured; mean and deviation over "
        f"{config['seeds']} draws of rows and weights. {processor(record.content)}.",
        across_report(record.content),
        made_by(record, name, place),
    )


ACROSS = Kind(
    "across",
    "From one search space to others",
    AcrossResult,
    across_section,
    "Predictors learnt on the cells of one benchmark rank the cells of others, which have different "
    "operations: [operations as text](ledg-former.md#other-search-spaces), or matched by name.",
    expected=False,
)
"""How the page shows them."""
