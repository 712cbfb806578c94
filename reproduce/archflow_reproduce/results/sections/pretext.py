"""Results of `archflow bench pretext`."""

from __future__ import annotations

from archflow.data.catalogue import BENCHMARKS
from archflow.report.markdown import markdown_table
from archflow_reproduce.protocol.published import proxies_of
from archflow_reproduce.results.pretext_report import matrix_table, pretrained_on
from archflow_reproduce.results.sections.section import (
    Kind,
    Result,
    command,
    made_by,
    out_option,
    paragraphs,
    view_option,
)
from archflow_reproduce.results.speed_report import processor


def pretext_section(name: str, result: Result, place: str) -> str:
    """The table of a matrix, and the command."""
    cells = result["matrix"]
    first = cells[0]["config"]
    each = {key: list(dict.fromkeys(str(cell[key]) for cell in cells)) for key in ("data", "encoder", "labels")}
    elsewhere = pretrained_on(cells[0])
    options = {
        "data": ",".join(each["data"]),
        "encoders": ",".join(each["encoder"]),
        "tasks": ",".join(first["methods"]),
        "pretrain-on": ",".join(elsewhere) or None,
        "proxy": ",".join(proxies_of(first))
        if any(proxies_of(c["config"]) != _own(c, "proxy") for c in cells)
        else None,
        "metric": first["metric"] if any([c["metric"]] != _own(c, "metric") for c in cells) else None,
        "labels": ",".join(f"{labels:g}" for labels in dict.fromkeys(cell["config"]["labels"] for cell in cells)),
        "runs": first["runs"],
        "split": first["split_by"],
        "view": view_option(cell["config"] for cell in cells),
        "pretrain-epochs": first["pretrain"]["epochs"],
        "epochs": first["fine_tune"]["epochs"],
        "out": out_option(name, place),
    }
    ranked = " or ".join(dict.fromkeys(", ".join(f"`{p}`" for p in proxies_of(c["config"])) for c in cells))
    title = f"{', '.join(each['data'])}: {', '.join(f'`{encoder}`' for encoder in each['encoder'])}"
    on = f", pre-trained on {' and '.join(elsewhere)}" if elsewhere else ""
    return paragraphs(
        f"### {title}, {' and '.join(each['labels'])} labels{on}",
        f"Pre-training for {first['pretrain']['epochs']} epochs, fine-tuning for "
        f"{first['fine_tune']['epochs']}; tasks with a proxy rank {ranked}. {_shown(cells)}s/epoch: of pre-training, "
        f"on one core of a machine that may have been shared, {processor(result)}.",
        markdown_table(*matrix_table(result)),
        made_by(command("pretext", options), name, place),
    )


def _shown(cells: list[Result]) -> str:
    """Which encoders were shown something else than whole architectures, as a sentence of its own."""
    views = {cell["encoder"]: cell["config"].get("view", "whole") for cell in cells}
    others = [f"`{encoder}` {view} ones" for encoder, view in views.items() if view != "whole"]
    return f"Shown whole architectures, but {' and '.join(others)}. " if others else ""


def _own(cell: Result, key: str) -> list[str]:
    """The data set's own `proxy` or `metric`; none of a table that is no benchmark."""
    return [getattr(BENCHMARKS[cell["data"]], key)] if cell["data"] in BENCHMARKS else []


MATRICES = Kind(frozenset({"matrix"}), "Pretext tasks", pretext_section)
