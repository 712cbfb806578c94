"""The matrix of pretext tasks as one table of all measures and plots of tau."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.report import html
from archflow.report.figures import Strip, strips
from archflow.report.measures import finite, measure, method_name, rounded
from archflow.report.page import Figures, write_page
from archflow_reproduce.results.columns import epochs_text, runs_text

Cells = list[Mapping[str, Any]]
MEASURES = ("tau", "p_at_1", "p_at_5")


def matrix_table(result: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows, one row per encoder, number of labels and method of a data set.

    Columns: runs, epochs, then tau, P@1 % and P@5 %, each with the published figure where there is one, and seconds per
    epoch of pre-training. If a cell's encoders were pre-trained on other tables than their own, every row names these.
    """
    cells: Cells = result["matrix"]
    cells = [{**cell, "pre-trained on": ", ".join(pretrained_on(cell)) or cell["data"]} for cell in cells]
    several = {key: len({str(cell[key]) for cell in cells}) > 1 for key in ("data", "encoder", "labels")}
    several["pre-trained on"] = any(pretrained_on(cell) for cell in cells)
    shown = [key for key in MEASURES if any(key in runs for cell in cells for runs in cell["methods"].values())]
    compared = [key for key in shown if any(_published(cell, m, key) for cell in cells for m in cell["methods"])]
    heads = [*(key for key, some in several.items() if some), "method", "runs", "epochs"]
    for key in shown:
        known = measure(key)
        heads += [known.name if known else key, *(["published"] if key in compared else [])]
    heads.append("s/epoch")
    rows = []
    for cell in cells:
        for method, runs in cell["methods"].items():
            row = [_text(cell[key]) for key, some in several.items() if some]
            if method == "supervised" and several["pre-trained on"]:
                row[-1] = rounded(None)
            compared_here = any(_published(cell, method, key) for key in shown)
            row += [
                method_name(method),
                runs_text(len(runs["tau"]), cell["config"]),
                epochs_text(cell["config"], method, compared_here),
            ]
            for key in shown:
                values = finite(runs.get(key, []))
                row.append(rounded(float(values.mean()), float(values.std())) if len(values) else rounded(None))
                if key in compared:
                    row.append(rounded(_published(cell, method, key)))
            row.append(rounded((cell["pretrain_epoch_s"] or {}).get(method)))
            rows.append(row)
    return heads, rows


def pretrained_on(cell: Mapping[str, Any]) -> list[str]:
    """The tables that a cell's encoders were pre-trained on; empty if on its own."""
    return cell["config"].get("pretrain_on", [])


def matrix_report(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write one self-contained HTML file about a result of `pretext_matrix`, with its figures as files next to it."""
    heads, rows = matrix_table(result)
    figures, sections = Figures(), []
    for number, cell in enumerate(result["matrix"], start=1):
        drawn = [
            Strip(method_name(method), runs["tau"], _published(cell, method, "tau"))
            for method, runs in cell["methods"].items()
        ]
        elsewhere = f", pre-trained on {' and '.join(pretrained_on(cell))}" if pretrained_on(cell) else ""
        title = f"{cell['data']}, {cell['encoder']}, {cell['labels']:,} labels{elsewhere}"
        caption = f"Kendall tau with {cell['metric']}, a dot a run."
        chart = strips(drawn, x_title="Kendall tau", width=420)
        sections.append(html.section(title, figures.show(f"runs-{number}", chart, caption)))
    machine = result["machine"]
    write_page(
        path,
        "Which pre-training helps",
        html.paragraph(
            "Every encoder was pre-trained without labels by each task, then learnt to rank from the same few labels.",
            "lead",
        ),
        html.section(
            "All results",
            html.table(
                heads,
                [[html.Cell(text) for text in row] for row in rows],
                "Mean over the runs, population standard deviation in brackets. s/epoch: of pre-training, on one core "
                "of a machine that may have been shared.",
            ),
        ),
        *sections,
        html.section("How it was made", html.facts([("processor", machine["processor"]), ("torch", machine["torch"])])),
        figures=figures,
        figures_folder=Path(path).with_suffix(".figures"),
    )


def _published(cell: Mapping[str, Any], method: str, key: str) -> float | None:
    return (cell["published"] or {}).get(method, {}).get(key)


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
