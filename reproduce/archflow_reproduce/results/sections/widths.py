"""Results of `archflow bench widths`."""

from __future__ import annotations

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.sections.zero_cost import Agreement
from archflow_reproduce.results.shapes import Count
from archflow_reproduce.results.widths_report import widths_tables


class AtWidth(Described):
    full: Agreement | None
    seeds: Agreement
    enlarged: Agreement | None


class WidthsResult(Described):
    cells: Count
    batch: Count
    full: Count
    shipped: dict[str, Count]
    agreement: dict[str, dict[str, AtWidth]]


def widths_section(name: str, record: Record, place: str) -> str:
    """The table, and the command."""
    return paragraphs(*widths_tables(record.content), made_by(record, name, place))


WIDTHS = Kind("widths", "Zero-cost proxies of narrow networks", WidthsResult, widths_section, expected=False)
