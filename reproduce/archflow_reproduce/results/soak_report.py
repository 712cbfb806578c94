"""The result of `archflow bench soak` as tables and facts in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded

_SHOWN = 12

_COLUMNS = {
    "minute": "minute",
    "requests_per_second": "requests per second",
    "median_ms": "median, ms",
    "p90_ms": "90 %",
    "p99_ms": "99 %",
    "most_ms": "longest",
    "mib": "MiB",
    "open_files": "open files",
    "threads": "threads",
    "cores": "cores",
}


def soak_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.soak.run_soak`."""
    periods, growth, config = result["periods"], result["growth"], result["config"]
    step = max(1, len(periods) // _SHOWN)
    shown = sorted({0, *range(step - 1, len(periods), step)})
    rows = [[rounded(periods[number][name]) for name in _COLUMNS] for number in shown]
    slopes = ", ".join(
        f"{growth[name]:+.2f} {unit}"
        for name, unit in (
            ("mib_per_hour", "MiB"),
            ("open_files_per_hour", "open files"),
            ("threads_per_hour", "threads"),
            ("median_ms_per_hour", "ms of the median"),
            ("p99_ms_per_hour", "ms of the 99th percentile"),
        )
    )
    return [
        f"{config['rate']:g} requests per second of all kinds over {config['clients']} connections, for "
        f"{config['minutes']} minutes. Times are from a request to its answer; memory, files and threads are those of "
        "the service at the end of the minute, and cores those that it kept busy. Where fewer requests were sent than "
        "asked for, the machine was busy with other work, which the times show.",
        markdown_table(tuple(_COLUMNS.values()), rows),
        f"Growth per hour, by straight lines from minute {growth['from_minute']:.3g} on: {slopes}.",
    ]
