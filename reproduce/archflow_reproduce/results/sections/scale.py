"""Results of `archflow bench scale`."""

from __future__ import annotations

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.scale_report import scale_tables
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number


class ScaleConfig(Described):
    count: Count
    processes: Count
    encoder: str


class Parts(Described):
    """Microseconds per cell."""

    embed_us: Number
    predict_us: Number
    sample_us: Number
    digest_us: Number
    distinct_us: Number


class Compared(Described):
    tau: Number
    shared: Number
    faster: Number


class ScaleResult(Described):
    machine: Machine
    config: ScaleConfig
    distinct: Count
    distinct_is_exact: bool
    precision: str
    parts: Parts
    rank_us: Number
    wall_s: Number
    peak_gib: Number
    precisions: dict[str, Compared]


def scale_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    return paragraphs(*scale_tables(record.content), made_by(record, name, place))


SCALE = Kind(
    "scale",
    "Ranking a search space",
    ScaleResult,
    scale_section,
    "How fast `archflow rank` [ranks a whole space](scale.md) as one stream.",
    expected=False,
)
"""How the page shows them."""
