"""The result of `archflow bench scale` as tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow_reproduce.results.speed_report import processor

PARTS = {
    "sample_us": "draw",
    "digest_us": "digest",
    "distinct_us": "recognise duplicates",
    "predict_us": "encode and score",
}
COMPUTED = {"10⁷": 10**7, "10⁹": 10**9, "10¹²": 10**12}
CORES = (1, 2, 64)
UNITS = {"years": 365.25 * 86400, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def scale_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.ranking.run_speed_ranking`."""
    config, parts = result["config"], result["parts"]
    bound = "" if result["distinct_is_exact"] else " at most"
    serial = parts["distinct_us"]
    return [
        f"{config['count']:,} DARTS cells ({result['distinct']:,}{bound} distinct) in {_time(result['wall_s'])} by the "
        f"clock, ranked by a predictor with the encoder `{config['encoder']}` in {config['processes']} "
        f"{'process' if config['processes'] == 1 else 'processes'}, matrix products in {result['precision']}; peak "
        f"memory {result['peak_gib']:.2f} GiB. {processor(result)}. Processor time, which other work on the machine "
        "disturbs less than the clock; parts are the fastest of three passes over 4,096 cells.",
        markdown_table(
            ("part", "µs per cell"),
            [
                *((shown, rounded(parts[name])) for name, shown in PARTS.items()),
                ("**whole ranking**, loading included", f"**{rounded(result['rank_us'])}**"),
                ("the encoder alone in float32, batches included", rounded(parts["embed_us"])),
            ],
        ),
        "What larger samples take, *computed* from the whole ranking, for cores as fast as this one that do nothing "
        f"else. One process merges all chunks, at {rounded(serial)} µs per cell or more: more than about "
        f"{result['rank_us'] / serial:.0f} cores do not help.",
        markdown_table(
            ("candidates", *(f"{cores} {'core' if cores == 1 else 'cores'}" for cores in CORES)),
            [
                (shown, *(_time(count * max(result["rank_us"] / cores, serial) / 1e6) for cores in CORES))
                for shown, count in COMPUTED.items()
            ],
        ),
        *(_precisions(result["precisions"]) if result["precisions"] else ()),
    ]


def _precisions(compared: Mapping[str, Any]) -> list[str]:
    """Both precisions of every encoder."""
    return [
        "Matrix products in bfloat16 against float32, on 4,096 cells and one thread, for predictors with encoders of "
        "the default size: how many times as fast, Kendall tau of the two rankings, and the fraction of the best tenth "
        "that they share.",
        markdown_table(
            ("encoder", "times as fast", "Kendall tau", "best tenth shared"),
            [
                (f"`{name}`", f"{each['faster']:.2f}", f"{each['tau']:.5f}", f"{100 * each['shared']:.1f} %")
                for name, each in compared.items()
            ],
        ),
    ]


def _time(seconds: float) -> str:
    unit, size = next((each for each in UNITS.items() if seconds >= 2 * each[1]), ("seconds", 1))
    return f"{rounded(seconds / size)} {unit}"
