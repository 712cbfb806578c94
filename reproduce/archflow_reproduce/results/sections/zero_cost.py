"""Results of `archflow bench proxies`."""

from __future__ import annotations

from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.speed_report import processor
from archflow_reproduce.results.zero_cost_report import zero_cost_tables


def zero_cost_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    machine = f"{processor(result)}, torch {record.machine['torch']}."
    return paragraphs(*zero_cost_tables(result), machine, made_by(record, name, place))


PROXIES = Kind("proxies", "Zero-cost proxies", zero_cost_section)
