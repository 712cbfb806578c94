"""Results of `archflow bench hierarchical`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow_reproduce.results.hierarchical_report import hierarchical_report
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number
from archflow_reproduce.results.speed_report import processor

BySeed = Annotated[list[Number], MinLen(1)]


class HierarchicalMethod(Described):
    """Lists over the seeds."""

    trainings: Annotated[list[Count], MinLen(1)]
    value: Annotated[list[BySeed], MinLen(1)]
    report: Annotated[list[BySeed], MinLen(1)]
    mutants: BySeed
    failures: Annotated[list[Count], MinLen(1)]
    seconds: BySeed


class HierarchicalConfig(Described):
    seeds: Count
    budget: Count
    initial: Count
    epochs: Count
    channels: Count
    cells_per_stage: Count
    stages: Count
    batch_size: Count


class HierarchicalResult(Described):
    machine: Machine
    config: HierarchicalConfig
    methods: Annotated[dict[str, HierarchicalMethod], MinLen(1)]


def hierarchical_section(name: str, record: Record, place: str) -> str:
    """The table, the settings, and the command."""
    result, config = record.content, record.config
    return paragraphs(
        f"{config['seeds']} seeds, {config['budget']} training runs each; the first {config['initial']} architectures "
        "are random and the same for both. "
        f"Networks of {config['channels']} channels, {config['cells_per_stage']} cell(s) in each of "
        f"{config['stages']} stage(s), {config['epochs']} epochs in batches of {config['batch_size']}. "
        f"{processor(result)}.",
        hierarchical_report(result),
        made_by(record, name, place),
    )


HIERARCHICAL = Kind(
    "hierarchical",
    "Evolution of hierarchical representations",
    HierarchicalResult,
    hierarchical_section,
    "`hierarchical_evolution` in the space `hierarchical` (Liu et al., ICLR 2018). Every query trains a "
    "network on noisy copies of scikit-learn's digits. Random search is the same loop with tournaments of "
    "size one, as in the paper.",
    expected=False,
)
"""How the page shows them."""
