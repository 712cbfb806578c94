"""Results of `archflow bench neusight`."""

from __future__ import annotations

from archflow.described import Described
from archflow_reproduce.results.neusight_report import neusight_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class NeuSightDevice(Described):
    """How many models were judged, and scores by what is predicted and by method."""

    models: Count
    scores: dict[str, dict[str, dict[str, Number]]]


class NeuSightConfig(Described):
    methods: list[str]


class NeuSightResult(Described):
    machine: Machine
    config: NeuSightConfig
    devices: dict[str, NeuSightDevice]


def neusight_section(name: str, record: Record, place: str) -> str:
    """Both tables, and the command."""
    result = record.content
    return paragraphs(f"{processor(result)}.", neusight_report(result), made_by(record, name, place))


NEUSIGHT = Kind(
    "neusight",
    "Transformers on held-out GPUs",
    NeuSightResult,
    neusight_section,
    "Inference in single precision, predicted from the makers' data sheets and the times of operations on "
    "other GPUs of the same maker. A single operation is judged only if it moves at least a megabyte. The "
    "classes of operations and the rule for one maker were chosen while looking at these errors. The "
    "table has no times on the H100 and L4, NeuSight's own unseen devices; its released summary reports "
    "errors of 0.4 to 23.4 % and of 7.7 to 28.2 % for them.",
    expected=False,
)
"""How the page shows them."""
