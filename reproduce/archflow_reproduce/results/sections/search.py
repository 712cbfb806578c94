"""Results of `archflow bench search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.search_report import search_report
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class Curve(Described):
    """Statistics over the seeds at every number of queries, and every seed's last value."""

    mean: list[Number]
    median: list[Number]
    quarter: list[Number]
    three_quarters: list[Number]
    last: list[Number]


class SearchCell(Described):
    queries: Annotated[list[Count], MinLen(1)]
    seeds: Count
    seconds: Number
    value: Curve | None = None
    report: Curve | None = None
    better: Curve | None = None
    hypervolume: Curve | None = None
    by_seed: dict[str, list[Number]] = {}  # noqa: RUF012 - pydantic copies it
    found: list[Count | None] = []  # noqa: RUF012 - pydantic copies it


class SearchTask(Described):
    data: str
    objectives: Annotated[list[str], MinLen(1)]
    report: str
    architectures: Count
    chosen_on: bool
    cells: Annotated[dict[str, SearchCell], MinLen(1)]


class SearchConfig(Described):
    seeds: Count
    budget: Count


class SearchResult(Described):
    machine: Machine
    config: SearchConfig
    tasks: dict[str, SearchTask]
    skipped: dict[str, str]


def search_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result, picture = record.content, Path(name).with_suffix(".svg")
    return paragraphs(
        f"{record.config['seeds']} seeds, {record.config['budget']} queries. {processor(result)}.",
        f"![Best so far against the number of queries, mean and quartiles over the seeds]({place}/{picture})",
        search_report(result),
        made_by(record, name, place),
    )


SEARCH = Kind(
    "search",
    "Search",
    SearchResult,
    search_section,
    "Search methods on tables. A query returns the table's value of one architecture; the architecture "
    "with the best value is chosen, and another of its columns is reported. archflow's own method also "
    "uses columns that are known before training (parameters, zero-cost proxies) and pre-trains encoders "
    "without labels; the seeds share three pre-training runs.",
    expected=False,
)
"""How the page shows them."""
