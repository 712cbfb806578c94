"""The result of `archflow bench widths` as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table


def widths_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.studies.widths.run_widths`."""
    rows = [
        (
            f"`{name}`",
            channels + (", shipped" if channels == str(result["shipped"].get(name)) else ""),
            *(_both(facts[what], result["cells"]) for what in ("full", "seeds", "enlarged")),
        )
        for name, by_width in result["agreement"].items()
        for channels, facts in by_width.items()
    ]
    return [
        f"{result['cells']} of the NAS-Bench-101 cells that the protocol ranks, drawn at random; networks of three "
        f"stacks of three cells, a batch of {result['batch']} images: scikit-learn's digits in colour, enlarged to "
        "16 x 16 pixels. Kendall tau and, in brackets, Spearman correlation of a proxy's values with those of the "
        f"published {result['full']} channels; with those of other random weights; and with those of 32 x 32 pixels. "
        "Where two draws of the weights disagree, a value is not a property of the cell.",
        markdown_table(("proxy", "channels", f"{result['full']} channels", "other weights", "32 x 32 pixels"), rows),
        "*shipped*: the width of the networks whose values ship with the package.",
    ]


def _both(facts: Mapping[str, Any] | None, cells: int) -> str:
    if facts is None:
        return ""
    tau, spearman = facts["kendall"], facts["spearman"]
    if tau is None or spearman is None:
        return "not defined" if facts["cells"] else ""
    fewer = f" on {facts['cells']}" if facts["cells"] < cells else ""
    return f"{tau:.2f} ({spearman:.2f}){fewer}"
