"""Results of `archflow bench speed`."""

from __future__ import annotations

from archflow.report.measures import rounded
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.speed_report import against_tables, processor, speed_tables


def speed_section(name: str, record: Record, place: str) -> str:
    """All tables, and the command."""
    return paragraphs(*speed_tables(record.content), made_by(record, name, place))


def against_section(name: str, record: Record, place: str) -> str:
    """The figures of two commits, and the command."""
    return paragraphs(*against_tables(record.content), made_by(record, name, place))


def speed_summary(record: Record) -> str:
    """One sentence for the README; nothing of a device that only encoders run on."""
    result = record.content
    if "pretrain_epoch_s" not in result:
        return ""
    encode = rounded(result["encoders"]["gated_gcn"]["encode_us"]["128"]["median"])
    surrogate = rounded(result["surrogate_us"]["median"])
    return (
        f"Speed on {processor(result)}: {encode} µs to encode an architecture with the gated GCN in batches of "
        f"128; {surrogate} µs for its flow surrogate; {rounded(result['pretrain_epoch_s']['median'])} s an epoch of "
        "pre-training on 15,625 cells."
    )


SPEED = Kind("speed", "Speed", speed_section)
AGAINST = Kind("against", "Speed of two commits", against_section, expected=False)
