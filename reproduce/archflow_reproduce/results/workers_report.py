"""The result of `archflow bench workers` as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.speed_report import processor

KINDS = {"processes": "processes of `archflow rank`", "ray": "workers of a local Ray cluster"}


def workers_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.worker_scaling.run_worker_scaling`."""
    config, rows = result["config"], []
    for kind, seconds in result["seconds"].items():
        (_, first), *_ = seconds.items()
        for number, each in seconds.items():
            rows.append((KINDS[kind], number, f"{each:.1f}", f"{config['count'] / each:,.0f}", f"{first / each:.2f}"))
    return [
        f"{config['count']:,} DARTS cells ranked by a predictor with the encoder `{config['encoder']}`, by the clock, "
        f"with the start of archflow's processes. {processor(result)}.",
        markdown_table(("workers", "number", "seconds", "cells per second", "times as fast"), rows),
    ]
