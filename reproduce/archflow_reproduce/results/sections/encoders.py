"""Results of `archflow bench encoders`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import MinLen

from archflow.described import Described
from archflow.report.markdown import markdown_table
from archflow_reproduce.results.encoders_report import encoders_table
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, each, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Learnt, Machine, Maybe, ProtocolConfig, Published, Splits
from archflow_reproduce.results.speed_report import processor


class EncodersCell(Described):
    encoder: str
    labels: Count
    methods: Annotated[dict[str, Learnt], MinLen(1)]
    config: ProtocolConfig
    published: Published | None = None


class EncodersResult(Described):
    machine: Machine
    data: str
    metric: str
    splits: Splits
    batch_size: Count
    cells: Annotated[list[EncodersCell], MinLen(1)]
    encode_us: dict[str, Maybe]


def encoders_section(name: str, record: Record, place: str) -> str:
    """A chart and a table of all encoders, and the command."""
    result, splits = record.content, record.result["splits"]
    counts = list(dict.fromkeys(f"{cell['labels']:,}" for cell in result["cells"]))
    judged = "all architectures, including those learnt from" if splits["by"] == "all" else "the test part"
    picture = Path(name).with_suffix(".svg")
    return paragraphs(
        f"### {result['data']}: `{result['metric']}` from {', '.join(counts)} labels",
        f"Judged on {judged} ({each(splits['test'])}); {splits['validation']} more select the epoch. *µs*: time "
        f"to encode an architecture in batches of {result['batch_size']}, {processor(result)}. *published*: tau in "
        "the paper.",
        f"![Kendall tau against the time to encode an architecture]({place}/{picture})",
        markdown_table(*encoders_table(result)),
        made_by(record, name, place),
    )


ENCODERS = Kind("encoders", "All encoders", EncodersResult, encoders_section)
