"""The result of `archflow bench import` for readers: tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded

_LISTED = 12


def import_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.studies.imports.run_imports`."""
    tables: Mapping[str, Mapping[str, Any]] = result["tables"]
    graphs = [
        (
            f"`{name}`",
            *(f"{facts[key]:,}" for key in ("rows", "imported", "with_opaque")),
            *(f"{facts['nodes'][key]:,.0f}" for key in ("median", "most", "total")),
            *(rounded(facts["seconds"][key]) for key in ("median", "most", "total")),
            rounded(facts["peak_gib"]),
        )
        for name, facts in tables.items()
    ]
    networks = [
        (
            f"`{kind}`",
            *(f"{facts[key]:,}" for key in ("nodes", "params")),
            rounded(facts["seconds"]),
            rounded(facts["export_seconds"]) if "export_seconds" in facts else "",
            rounded(facts["weights_gib"]),
            rounded(max(0.0, facts["peak_gib"] - facts["before_gib"])),
        )
        for kind, sizes in result["networks"].items()
        for facts in sizes.values()
    ]
    return [
        "CPU seconds on one thread, over all rows of the tables. A model is *with opaque* if the vocabulary "
        "lacks one of its operations.",
        markdown_table(
            (
                *("table", "rows", "imported", "with opaque"),
                *("nodes, median", "most", "all"),
                *("seconds, median", "most", "all", "peak GiB"),
            ),
            graphs,
        ),
        *(_failures(tables)),
        _opaque(tables),
        "Torch networks imported on the meta device: seconds, those of `torch.export` alone, the size of "
        "their weights, and the growth of the process during the import.",
        markdown_table(
            ("network", "nodes", "parameters", "seconds", "`torch.export` alone", "weights, GiB", "taken, GiB"),
            networks,
        ),
    ]


def _failures(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = [
        f"- `{name}`: {count:,} not imported: {reason}"
        for name, facts in tables.items()
        for reason, count in facts["failed"].items()
    ]
    return ["\n".join(lines)] if lines else []


def _opaque(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The operations that stayed opaque, one line per table."""
    lines = []
    for name, facts in tables.items():
        kinds = list(facts["opaque"].items())
        listed = ", ".join(f"`{op}` {count:,}" for op, count in kinds[:_LISTED])
        more = f", and {len(kinds) - _LISTED} more" if len(kinds) > _LISTED else ""
        total = sum(facts["opaque"].values())
        share = 100 * total / max(1.0, facts["nodes"]["total"])
        lines.append(
            f"- `{name}`: "
            + (f"{total:,} opaque nodes ({share:.2f} %) of {len(kinds)} kinds: {listed}{more}" if kinds else "none")
        )
    return "Operations that stayed opaque, with their numbers of nodes:\n\n" + "\n".join(lines)
