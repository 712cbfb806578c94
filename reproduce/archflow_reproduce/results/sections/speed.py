"""Results of `archflow bench speed`."""

from __future__ import annotations

from archflow.report.measures import rounded
from archflow_reproduce.results.sections.section import Kind, Result, command, made_by, out_option, paragraphs
from archflow_reproduce.results.speed_report import processor, speed_tables


def speed_section(name: str, result: Result, place: str) -> str:
    """All tables, and the command."""
    options = {"device": result["device"], "threads": result["threads"], "out": out_option(name, place)}
    return paragraphs(*speed_tables(result), made_by(command("speed", options), name, place))


def speed_summary(result: Result) -> str:
    """One sentence for the README; nothing of a device that only encoders run on."""
    if "pretrain_epoch_s" not in result:
        return ""
    encode = rounded(result["encoders"]["gated_gcn"]["encode_us"]["128"])
    surrogate = rounded(result["surrogate_us"])
    return (
        f"Speed on {processor(result)}: {encode} µs to encode an architecture with the gated GCN in batches of "
        f"128; {surrogate} µs for its flow surrogate; {rounded(result['pretrain_epoch_s'])} s an epoch of "
        "pre-training on 15,625 cells."
    )


SPEEDS = Kind(frozenset({"encoders", "matmul_gflops"}), "Speed", speed_section, command="speed")
