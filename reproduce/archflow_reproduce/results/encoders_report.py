"""The comparison of all encoders as a table, and as a plot of accuracy against time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.report import html
from archflow.report.measures import finite, measure, method_name, rounded
from archflow.report.named_points import Named, named_points
from archflow.report.page import Figures, save_figure, write_page
from archflow_reproduce.results.columns import epochs_text, runs_text

if TYPE_CHECKING:
    from archflow.report.vega import Chart

Table = tuple[list[str], list[list[str]]]


def encoders_table(result: Mapping[str, Any]) -> Table:
    """Heads and rows, one row per encoder, the best first (by tau of the first column).

    Columns: µs per architecture, runs, epochs, then tau (with P@1 % and P@5 % if there is one number of labels) for
    every number of labels and method, with the published tau where there is one.
    """
    labels = list(dict.fromkeys(cell["labels"] for cell in result["cells"]))
    methods = list(dict.fromkeys(method for cell in result["cells"] for method in cell["methods"]))
    measures = ("tau", "p_at_1", "p_at_5") if len(labels) == 1 else ("tau",)
    cells = {(cell["encoder"], cell["labels"]): cell for cell in result["cells"]}
    columns = [
        (count, method, key)
        for count in labels
        for method in methods
        for key in (*measures, "published")
        if key != "published" or any(_published(cells.get((e, count)), method) for e in result["encode_us"])
    ]
    heads = ["encoder", "µs", "runs", "epochs"]
    for count, method, key in columns:
        known = measure(key)
        named = " ".join(
            ([f"{count:,} labels"] if len(labels) > 1 else []) + ([method_name(method)] if len(methods) > 1 else [])
        )
        heads.append("published" if known is None else f"{known.name} {named}".strip() if key == "tau" else known.name)
    order = sorted(result["encode_us"], key=lambda e: -_mean(cells.get((e, labels[0])), methods[0], "tau")[0])
    rows = []
    for encoder in order:
        own = [cells[encoder, count] for count in labels if (encoder, count) in cells]
        row = [f"`{encoder}`", rounded(result["encode_us"][encoder])]
        row += [_each(_cell_runs(cell) for cell in own), _each(_cell_epochs(cell) for cell in own)]
        for count, method, key in columns:
            cell = cells.get((encoder, count))
            if key == "published":
                row.append(rounded(_published(cell, method)))
            else:
                row.append(rounded(*_mean(cell, method, key)))
        rows.append(row)
    return heads, rows


def speed_accuracy_chart(result: Mapping[str, Any]) -> Chart:
    """Tau (mean and standard deviation) with the fewest labels against the time to encode an architecture."""
    fewest = min(cell["labels"] for cell in result["cells"])
    shown = [cell for cell in result["cells"] if cell["labels"] == fewest]
    methods = list(dict.fromkeys(method for cell in shown for method in cell["methods"]))
    threads = f"{result['threads']} thread{'s' * (result['threads'] > 1)}"
    points = [
        Named(
            cell["encoder"],
            result["encode_us"][cell["encoder"]],
            *_mean(cell, method, "tau"),
            series=method_name(method),
        )
        for method in methods
        for cell in shown
        if method in cell["methods"]
    ]
    return named_points(
        points,
        x_title=f"µs to encode an architecture, batches of {result['batch_size']}, {threads}",
        y_title=f"Kendall tau from {fewest:,} labels",
    )


def write_chart(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write the chart of a result of `compare_encoders` as an SVG file, completely or not at all."""
    save_figure(speed_accuracy_chart(result), path)


def encoders_report(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write one self-contained HTML file about a result of `compare_encoders`, with its figures as files next to it."""
    heads, rows = encoders_table(result)
    cells = [[html.Cell(text.strip("`")) for text in row] for row in rows]
    splits, machine = result["splits"], result["machine"]
    told = (
        f"Every encoder learnt to rank {result['data']} by {result['metric']} from the same few labels and was judged "
        f"on {splits['test'][0]:,} architectures. Further up ranks better, further left is faster."
    )
    figures = Figures()
    chart = figures.show("speed-accuracy", speed_accuracy_chart(result), "Whiskers: ± one std.")
    write_page(
        path,
        f"{result['data']}: encoders, speed against accuracy",
        html.paragraph(told, "lead"),
        html.section("Speed against accuracy", chart),
        html.section(
            "All encoders",
            html.table(heads, cells, "Mean over the runs, population standard deviation in brackets."),
        ),
        html.section(
            "How it was made",
            html.facts([("processor", machine["processor"]), ("threads", result["threads"])]),
        ),
        figures=figures,
        figures_folder=Path(path).with_suffix(".figures"),
    )


def _mean(cell: Mapping[str, Any] | None, method: str, key: str) -> tuple[float, float]:
    """Mean and population standard deviation over the runs; NaN if nothing was measured."""
    runs = finite((cell or {"methods": {}})["methods"].get(method, {}).get(key, []))
    return (float(runs.mean()), float(runs.std())) if len(runs) else (float("nan"), float("nan"))


def _published(cell: Mapping[str, Any] | None, method: str) -> float | None:
    return ((cell or {}).get("published") or {}).get(method, {}).get("tau")


def _cell_runs(cell: Mapping[str, Any]) -> str:
    """Runs and model seeds of every method, once if all are equal."""
    return _each(runs_text(len(runs["tau"]), cell["config"]) for runs in cell["methods"].values())


def _cell_epochs(cell: Mapping[str, Any]) -> str:
    """Epochs of every method, once if all are equal; a dash for methods that are not trained by epochs."""
    if not cell["config"]["fine_tune"]["epochs"]:
        return "–"
    compared = cell.get("published") or {}
    return _each(epochs_text(cell["config"], method, method in compared) for method in cell["methods"])


def _each(told: Iterable[str]) -> str:
    """All texts without duplicates."""
    return " · ".join(dict.fromkeys(told))
