"""Results of `archflow bench encoders`."""

from __future__ import annotations

from pathlib import Path

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.encoders_report import encoders_table
from archflow_reproduce.results.sections.section import (
    Kind,
    Result,
    command,
    each,
    made_by,
    out_option,
    paragraphs,
    view_option,
)
from archflow_reproduce.results.speed_report import processor


def encoders_section(name: str, result: Result, place: str) -> str:
    """A chart and a table of all encoders, and the command."""
    first, splits = result["cells"][0]["config"], result["splits"]
    counts = list(dict.fromkeys(f"{cell['labels']:,}" for cell in result["cells"]))
    epochs = list(dict.fromkeys(str(cell["config"]["fine_tune"]["epochs"]) for cell in result["cells"]))
    options = {
        "data": result["data"],
        "metric": result["metric"],
        "encoders": ",".join(result["encode_us"]),
        "labels": ",".join(f"{labels:g}" for labels in dict.fromkeys(c["config"]["labels"] for c in result["cells"])),
        "methods": ",".join(first["methods"]),
        "runs": first["runs"],
        "split": splits["by"],
        "validation": splits["validation"],
        "view": view_option(cell["config"] for cell in result["cells"]),
        "epochs": ",".join(epochs) if len(counts) == len(epochs) > 1 else None,
        "out": out_option(name, place),
    }
    judged = "all architectures, those learnt from among them" if splits["by"] == "all" else "the test part"
    picture = Path(name).with_suffix(".svg")
    return paragraphs(
        f"### {result['data']}: `{result['metric']}` from {', '.join(counts)} labels",
        f"Judged on {judged} ({each(splits['test'])}); {splits['validation']} more choose the epoch. µs: to "
        f"encode an architecture in batches of {result['batch_size']}, {processor(result)}. *published*: tau in "
        "the paper.",
        f"![Kendall tau against the time to encode an architecture]({place}/{picture})",
        markdown_table(*encoders_table(result)),
        made_by(command("encoders", options), name, place),
    )


COMPARISONS = Kind(frozenset({"cells", "encode_us"}), "All encoders", encoders_section)
