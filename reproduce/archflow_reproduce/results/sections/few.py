"""Results of `archflow bench few`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.few_report import few_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor


class FewTask(Described):
    architectures: Count
    sources: list[str]
    targets: Annotated[list[str], MinLen(1)]
    missing: list[str]
    published: Number


class FewConfig(Described):
    trials: Count
    samples: list[Count]
    headline: Count
    source_samples: Count
    methods: Annotated[list[str], MinLen(1)]
    samplers: list[str]


class FewResult(Described):
    """Spearman by task, trial, setting and target device."""

    machine: Machine
    config: FewConfig
    tasks: Annotated[dict[str, FewTask], MinLen(1)]
    cells: dict[str, dict[str, dict[str, dict[str, Number]]]]


def few_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    config = record.config
    return paragraphs(
        f"Spearman's rank correlation, mean over target devices and {config['trials']} trials. On every source device "
        f"{config['source_samples']} architectures were measured. {processor(record.content)}.",
        few_report(record.content),
        made_by(record, name, place),
    )


FEW = Kind(
    "few",
    "A new device from a few measurements",
    FewResult,
    few_section,
    "NASFLAT's twelve tasks: how well architectures are ranked after [few measurements on a new "
    "device](ledg-former.md#few-measurements-on-a-new-device), compared with baselines and NASFLAT's "
    "published figures.",
    expected=False,
)
"""How the page shows them."""
