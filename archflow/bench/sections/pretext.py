"""Results of `archflow bench pretext`."""

from __future__ import annotations

from archflow.bench.markdown import markdown_table
from archflow.bench.pretext_report import matrix_table
from archflow.bench.sections.section import Kind, Result, command, made_by, out_option, paragraphs
from archflow.bench.speed_report import processor


def pretext_section(name: str, result: Result, place: str) -> str:
    """The table of a matrix, and the command."""
    cells = result["matrix"]
    first = cells[0]["config"]
    each = {key: list(dict.fromkeys(str(cell[key]) for cell in cells)) for key in ("data", "encoder", "labels")}
    options = {
        "data": ",".join(each["data"]),
        "encoders": ",".join(each["encoder"]),
        "tasks": ",".join(first["methods"]),
        "labels": ",".join(f"{labels:g}" for labels in dict.fromkeys(cell["config"]["labels"] for cell in cells)),
        "runs": first["runs"],
        "split": first["split_by"],
        "pretrain-epochs": first["pretrain"]["epochs"],
        "epochs": first["fine_tune"]["epochs"],
        "out": out_option(name, place),
    }
    title = f"{', '.join(each['data'])}: {', '.join(f'`{encoder}`' for encoder in each['encoder'])}"
    return paragraphs(
        f"### {title}, {' and '.join(each['labels'])} labels",
        f"Pre-training for {first['pretrain']['epochs']} epochs, fine-tuning for "
        f"{first['fine_tune']['epochs']}. s/epoch: of pre-training, on one core of a "
        f"machine that may have been shared, {processor(result)}.",
        markdown_table(*matrix_table(result)),
        made_by(command("pretext", options), name, place),
    )


MATRICES = Kind(frozenset({"matrix"}), "Pretext tasks", pretext_section)
