"""Results of `archflow bench pretext`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow.report.markdown import markdown_table
from archflow.report.measures import method_name
from archflow_reproduce.results.pretext_report import matrix_table, pretrained_on
from archflow_reproduce.results.record import Record, Result
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs, settings_text
from archflow_reproduce.results.shapes import Count, Learnt, Machine, Maybe, ProtocolConfig, Published
from archflow_reproduce.results.speed_report import processor


class PretextCell(Described):
    data: str
    encoder: str
    labels: Count
    methods: dict[str, Learnt]
    config: ProtocolConfig
    published: Published | None
    pretrain_epoch_s: dict[str, Maybe] | None


class PretextResult(Described):
    machine: Machine
    matrix: Annotated[list[PretextCell], MinLen(1)]


def pretext_section(name: str, record: Record, place: str) -> str:
    """The table of a matrix, the settings of its tasks, and the command."""
    result = record.content
    cells = result["matrix"]
    each = {key: list(dict.fromkeys(str(cell[key]) for cell in cells)) for key in ("data", "encoder", "labels")}
    elsewhere = pretrained_on(cells[0])
    title = f"{', '.join(each['data'])}: {', '.join(f'`{encoder}`' for encoder in each['encoder'])}"
    on = f", pre-trained on {' and '.join(elsewhere)}" if elsewhere else ""
    return paragraphs(
        f"### {title}, {' and '.join(each['labels'])} labels{on}",
        f"{_shown(cells)}*s/epoch*: seconds per epoch of pre-training on one core of a possibly shared machine, "
        f"{processor(result)}.",
        markdown_table(*matrix_table(result)),
        tasks_text([cell["config"] for cell in cells]),
        made_by(record, name, place),
    )


def tasks_text(configs: list[Result]) -> str:
    """A list of the pretext tasks with the settings recorded by protocols, without duplicates."""
    told: dict[str, None] = {}
    several = len({config["data"] for config in configs}) > 1
    for config in configs:
        for method, settings in config["tasks"].items():
            read = {name: value for name, value in settings.items() if name != "task"}
            of = f"{config['data']}, " * several
            told[f"- {of}{method_name(method)}: `{settings['task']}`{' with ' * bool(read)}{settings_text(read)}"] = (
                None
            )
    return "\n".join(told)


def _shown(cells: list[Result]) -> str:
    """A sentence on encoders whose input is not whole architectures."""
    views = {cell["encoder"]: cell["config"]["view"] for cell in cells}
    others = [f"`{encoder}` {view} ones" for encoder, view in views.items() if view != "whole"]
    return f"Encoders get whole architectures, except {' and '.join(others)}. " if others else ""


PRETEXT = Kind("pretext", "Pretext tasks", PretextResult, pretext_section)
