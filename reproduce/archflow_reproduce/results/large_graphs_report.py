"""Time and memory of encoders on large graphs, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded


def large_graph_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.large_graphs.run_speed_large_graphs`."""
    sizes = [str(size) for size in result["sizes"]]
    heads = [f"{int(size):,}" for size in sizes]
    times = int(sizes[-1]) / int(sizes[0])
    linear = [
        (
            f"`{name}`",
            *(rounded(facts["ms"][size]["median"]) for size in sizes),
            *(rounded(facts["allocated_mb"][size]) for size in sizes),
            f"{facts['allocated_mb'][sizes[-1]] / facts['allocated_mb'][sizes[0]]:.1f}",
        )
        for name, facts in result["encoders"].items()
    ]
    pairs = [
        (
            f"`{name}`",
            *(rounded(facts["gb"][size]) for size in sizes),
            ", ".join(f"{size:,}" for size in facts["refused"]) or "none",
        )
        for name, facts in result["pairs"].items()
    ]
    return [
        f"Graphs of the size of real models: chains with skip connections, width {result['width']}. The columns give, "
        "by number of nodes, milliseconds to embed one graph (median) and megabytes of all results of its operations, "
        "an upper bound of the memory in use; *times* is the memory of the largest graph relative to the smallest, "
        f"which has {times:g} times fewer nodes.",
        markdown_table(
            ("encoder", *(f"ms, {head}" for head in heads), *(f"MB, {head}" for head in heads), "times"), linear
        ),
        f"Encoders that hold values for pairs of nodes: their estimate of gigabytes for a training batch of "
        f"{result['batch']} such graphs, and the sizes that were refused on this machine.",
        markdown_table(("encoder", *heads, "refused"), pairs),
        *(
            ["\n".join(f"- `{name}`: {reason}" for name, reason in result["unable"].items())]
            if result["unable"]
            else []
        ),
    ]
