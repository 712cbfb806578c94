"""Results of `archflow bench import`."""

from __future__ import annotations

from archflow.described import Described
from archflow_reproduce.results.import_report import import_tables
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class Spread(Described):
    median: Number
    most: Number
    total: Number


class ImportedTable(Described):
    rows: Count
    imported: Count
    failed: dict[str, Count]
    opaque: dict[str, Count]
    with_opaque: Count
    nodes: Spread
    seconds: Spread
    peak_gib: Number


class ImportedNetwork(Described):
    nodes: Count
    params: Count
    seconds: Number
    weights_gib: Number
    before_gib: Number
    peak_gib: Number


class ImportResult(Described):
    machine: Machine
    tables: dict[str, ImportedTable]
    networks: dict[str, dict[str, ImportedNetwork]]


def import_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    return paragraphs(*import_tables(result), f"{processor(result)}.", made_by(record, name, place))


IMPORT = Kind(
    "import",
    "Importing real models",
    ImportResult,
    import_section,
    "The cost of [importing](importers.md) traced graphs and large torch networks.",
    expected=False,
)
