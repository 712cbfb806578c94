"""Results of `archflow bench proxies`."""

from __future__ import annotations

from archflow.described import Described
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Maybe, Number
from archflow_reproduce.results.speed_report import processor
from archflow_reproduce.results.zero_cost_report import zero_cost_tables


class Agreement(Described):
    spearman: Maybe
    kendall: Maybe
    cells: Count
    missing: Count
    missing_there: Count


class Accuracy(Described):
    spearman: Maybe
    missing: Count


class Pace(Described):
    seconds: Maybe
    networks_per_second: Maybe
    gflop: Maybe
    gflops: Maybe
    share_of_roof: Number


class ProxySpeed(Described):
    cells: Count
    batch: Count
    image: list[Count]
    matmul_gflops: Number
    proxies: dict[str, Pace]
    time_share: dict[str, Number]


class Equal(Described):
    params: bool
    flops_with_elementwise: bool


class NetworkSize(Described):
    channels: Count
    stages: Count
    cells_per_stage: Count


class ZeroCostResult(Described):
    machine: Machine
    cells: Count
    batch: Count
    images: str
    network: NetworkSize
    equal: Equal
    reference: dict[str, Agreement]
    accuracy: dict[str, Accuracy]
    speed: ProxySpeed


def zero_cost_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    result = record.content
    machine = f"{processor(result)}, torch {record.machine['torch']}."
    return paragraphs(*zero_cost_tables(result), machine, made_by(record, name, place))


PROXIES = Kind("proxies", "Zero-cost proxies", ZeroCostResult, zero_cost_section)
