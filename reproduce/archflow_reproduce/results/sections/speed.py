"""Results of `archflow bench speed`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import model_validator

from archflow.described import Described
from archflow.report.measures import rounded
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Maybe, Number, Times
from archflow_reproduce.results.speed_report import against_tables, processor, speed_tables


class EncoderFacts(Described):
    encode_us: Annotated[dict[Literal["1", "128", "1024"], Times], Len(3, 3)]
    batch_us: Times
    mflop: Maybe
    roof_us: Maybe
    times_roof: Maybe
    traffic_us: Maybe
    step_s: Annotated[dict[str, Times], Len(2, 2)]
    members_step_s: Times | None
    members_ratio: Maybe


class Operations(Described):
    asked: Number
    encode_us: Annotated[dict[str, Times], Len(2, 2)]
    encode_ratio: Number
    step_s: Annotated[dict[str, Times], Len(2, 2)]
    step_ratio: Number


class Load(Described):
    seconds: Number
    peak_gib: Number


class Spaces(Described):
    parse_nasbench201_s: Maybe
    sample_darts_s: Maybe
    enumerate_nasbench101_s: Maybe
    hash_nasbench101_s: Maybe
    load: dict[str, Load]


class EmbeddedTable(Described):
    architectures: Count
    width: Count
    seconds: Maybe
    us: Maybe
    peak_gib: Maybe


class Proposals(Described):
    count: Count
    seconds: dict[str, dict[str, dict[str, Times]]]


class LinearEncoder(Described):
    ms: dict[str, Times]
    allocated_mb: dict[str, Number]


class PairEncoder(Described):
    gb: dict[str, Number]
    refused: list[Count]


class LargeGraphs(Described):
    sizes: Annotated[list[Count], Len(2)]
    width: Count
    batch: Count
    encoders: dict[str, LinearEncoder]
    pairs: dict[str, PairEncoder]
    unable: dict[str, str]


ABSENT: Any = None
"""A missing field; a field that is present is never null."""

OF_A_PROCESSOR = {
    *("surrogate_us", "surrogate_nasbench101_us", "pretrain_epoch_s", "embed_nasbench101", "spaces", "help_s"),
}
"""Fields that are measured on the CPU only."""


class SpeedResult(Described):
    machine: Machine
    encoders: dict[str, EncoderFacts]
    below_roof: list[str]
    matmul_gflops: Number
    matmul_gflops_own: Number
    copy_gbs: Number
    operations: Operations = ABSENT
    surrogate_us: Times = ABSENT
    surrogate_nasbench101_us: Times | None = None
    pretrain_epoch_s: Times = ABSENT
    embed_nasbench101: EmbeddedTable | None = None
    spaces: Spaces = ABSENT
    help_s: Times = ABSENT
    proposals: Proposals = ABSENT
    large_graphs: LargeGraphs = ABSENT

    @model_validator(mode="after")
    def _of_one_device(self) -> SpeedResult:
        missing = OF_A_PROCESSOR - self.model_fields_set
        if missing and missing != OF_A_PROCESSOR:
            raise ValueError(f"{', '.join(sorted(missing))} missing, though there is more of the processor")
        return self


class Figure(Described):
    here: Number
    there: Number
    ratio: Number
    passes: Count


class AgainstConfig(Described):
    here: str
    there: str


class AgainstResult(Described):
    machine: Machine
    config: AgainstConfig
    rounds: Count
    figures: dict[str, Figure]
    slower: list[str]


def speed_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    return paragraphs(*speed_tables(record.content), made_by(record, name, place))


def against_section(name: str, record: Record, place: str) -> str:
    """The figures of two commits, and the command."""
    return paragraphs(*against_tables(record.content), made_by(record, name, place))


def speed_summary(record: Record) -> str:
    """One sentence for the README; empty for devices other than the CPU."""
    result = record.content
    if "pretrain_epoch_s" not in result or "gated_gcn" not in result["encoders"]:
        return ""
    encode = rounded(result["encoders"]["gated_gcn"]["encode_us"]["128"]["median"])
    surrogate = rounded(result["surrogate_us"]["median"])
    return (
        f"Speed on {processor(result)}: {encode} µs to encode an architecture with the gated GCN in batches of "
        f"128; {surrogate} µs for its flow surrogate; {rounded(result['pretrain_epoch_s']['median'])} s per epoch of "
        "pre-training on 15,625 cells."
    )


SPEED = Kind("speed", "Speed", SpeedResult, speed_section)
AGAINST = Kind("against", "Speed of two commits", AgainstResult, against_section, expected=False)
