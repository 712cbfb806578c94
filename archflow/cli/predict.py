"""`archflow predict`: rank the architectures of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import DataOption, Json, print_json, print_table

CHUNK = 4096  # architectures between two moves of the progress bar


def predict(
    predictor: Annotated[Path, typer.Argument(help="The folder that `archflow fit` wrote.")],
    data: DataOption,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write the table with columns predicted, predicted_std, rank (.parquet, .csv, .jsonl)."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the best to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Score every architecture of a table and show the best."""
    import numpy as np

    from archflow.data.benchmarks import load
    from archflow.graph.table import Table
    from archflow.predict import load_predictor
    from archflow.predict.metrics import summary
    from archflow.progress import progress_bar

    model = load_predictor(predictor)
    table = load(data)
    metric = (model.metrics or [""])[0]
    # `archflow fit --lower-is-better` learns the negated column.
    sign, metric = (-1.0, metric[1:]) if metric.startswith("-") else (1.0, metric)
    parts = []
    with progress_bar("ranking", len(table)) as bar:
        for first in range(0, len(table), CHUNK):
            rows = np.arange(first, min(first + CHUNK, len(table)))
            parts.append(model.predict(table.architectures.select(rows)))
            bar.advance(len(rows))
    mean, std = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(-mean, kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    mean = sign * mean
    if out is not None:
        columns = {**table.metrics, "predicted": mean, "predicted_std": std, "rank": rank}
        Table(table.architectures, columns, table.native).write(out)
    measured = table.metrics.get(metric)
    known = np.isfinite(measured) if measured is not None else np.zeros(len(table), bool)
    quality = (
        summary(sign * mean[known], sign * measured[known]) if measured is not None and known.sum() >= 10 else None
    )
    rows = [
        {
            "rank": place + 1,
            "row": int(row),
            "predicted": float(mean[row]),
            "std": None if np.isnan(std[row]) else float(std[row]),
            "measured": float(measured[row]) if measured is not None and known[row] else None,
            "architecture": table.native[row] if table.native else " ".join(table.architectures[int(row)].ops),
        }
        for place, row in enumerate(order[:top])
    ]
    if as_json:
        print_json({"metric": metric, "architectures": len(table), "quality": quality, "top": rows})
        return
    shown = [
        [
            r["rank"],
            r["row"],
            f"{r['predicted']:.4g}",
            "" if r["std"] is None else f"{r['std']:.2g}",
            "" if r["measured"] is None else f"{r['measured']:.4g}",
            r["architecture"],
        ]
        for r in rows
    ]
    print_table(("rank", "row", "predicted", "std", "measured", "architecture"), shown)
    if quality:
        typer.echo(
            f"\nagainst {int(known.sum()):,} measured {metric} (those it was fitted on included): "
            + ", ".join(f"{name} {value:.3f}" for name, value in quality.items())
        )
    if out is not None:
        typer.echo(f"\n{out}: all {len(table):,} architectures")
