"""Results of `archflow bench soak`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.soak_report import soak_tables
from archflow_reproduce.results.speed_report import processor


class Period(Described):
    minute: Number
    requests_per_second: Number
    median_ms: Number
    p90_ms: Number
    p99_ms: Number
    most_ms: Number
    mib: Number
    open_files: Number
    threads: Number
    cores: Number


class Growth(Described):
    from_minute: Number
    mib_per_hour: Number
    open_files_per_hour: Number
    threads_per_hour: Number
    median_ms_per_hour: Number
    p99_ms_per_hour: Number


class SoakConfig(Described):
    rate: Number
    clients: Count
    minutes: Count


class SoakResult(Described):
    machine: Machine
    config: SoakConfig
    periods: Annotated[list[Period], MinLen(1)]
    growth: Growth


def soak_section(name: str, record: Record, place: str) -> str:
    """The minutes, the growth, and the command."""
    result = record.content
    return paragraphs(*soak_tables(result), f"{processor(result)}.", made_by(record, name, place))


SOAK = Kind(
    "soak",
    "An hour of the service",
    SoakResult,
    soak_section,
    "Whether the [service](service.md) grows or becomes slower under an even load of all kinds of requests.",
    expected=False,
)
