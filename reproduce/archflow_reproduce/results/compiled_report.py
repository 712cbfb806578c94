"""The result of `archflow bench compiled` as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow_reproduce.results.speed_report import processor


def compiled_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.compiled.run_compiled`."""
    config = result["config"]
    rows = [(f"`{name}`", rounded(each["eager_us"]), *_compiled(each)) for name, each in result["encoders"].items()]
    return [
        f"Encoders of the default size in batches of {config['batch_size']} NAS-Bench-201 cells, as `archflow embed` "
        f"and `rank` make them, without building the batches: microseconds per cell, the fastest of {config['passes']} "
        f"passes over {config['batches']} batches, in processor time; seconds that the compilation took by the clock; "
        f"and the largest difference between two embeddings. –: torch raises an error. {processor(result)}.",
        markdown_table(("encoder", "µs", "compiled", "times as fast", "compilation, s", "difference"), rows),
    ]


def _compiled(each: Mapping[str, Any]) -> tuple[str, ...]:
    if each.get("failure"):
        return ("–",) * 4
    ratio = each["eager_us"] / each["compiled_us"]
    return rounded(each["compiled_us"]), f"{ratio:.2f}", f"{each['compile_s']:.1f}", f"{each['difference']:.0e}"
