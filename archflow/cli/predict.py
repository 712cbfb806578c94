"""`archflow predict`: rank the architectures of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import DataOption, Json, print_json, print_table

if TYPE_CHECKING:
    from archflow.graph.table import Table
    from archflow.predict import Predictor


def predict(
    predictor: Annotated[Path, typer.Argument(help="The folder that `archflow fit` wrote.")],
    data: DataOption,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the table with columns predicted, predicted_std, rank (.parquet, .csv, .jsonl)."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the best to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Score every architecture of a table and show the best, by each metric that the predictor has learnt."""
    from archflow.data.benchmarks import load
    from archflow.predict import load_predictor
    from archflow.progress import progress_bar

    model, table = load_predictor(predictor), load(data)
    with progress_bar("ranking", len(table)) as bar:
        ranked = model.rank(table, bar.advance)
    if out is not None:
        ranked.write(out)
    results = [_result(model, ranked, place, top) for place in range(len(model.metrics))]
    if as_json:
        print_json(results[0] if len(results) == 1 else {"architectures": len(table), "metrics": results})
        return
    for result in results:
        _print(result, titled=len(results) > 1)
    if out is not None:
        typer.echo(f"\n{out}: all {len(table):,} architectures")


def _result(model: Predictor, ranked: Table, place: int, top: int) -> dict[str, Any]:
    """The best by one metric, and how good its predictions are where it was measured."""
    import numpy as np

    from archflow.predict.base import ranking_columns

    name = model.metrics[place]
    mean, std, rank = (ranked.metrics[column] for column in ranking_columns(model.metrics, place))
    measured = ranked.metrics.get(name, np.full(len(ranked), np.nan))
    rows = np.argsort(rank)[:top]
    best = [
        {
            "rank": int(rank[row]),
            "row": int(row),
            "predicted": float(mean[row]),
            "std": None if np.isnan(std[row]) else float(std[row]),
            "measured": float(measured[row]) if np.isfinite(measured[row]) else None,
            "architecture": ranked.native[row] if ranked.native else " ".join(ranked.architectures[int(row)].ops),
        }
        for row in rows
    ]
    quality = model.objectives[place].quality(mean, measured)
    known = int(np.isfinite(measured).sum())
    return {"metric": name, "architectures": len(ranked), "measured": known, "quality": quality, "top": best}


def _print(result: dict[str, Any], titled: bool) -> None:
    if titled:
        typer.echo(f"\n{result['metric']}\n")
    columns = ("rank", "row", "predicted", "std", "measured", "architecture")
    shown = [
        [
            row["rank"],
            row["row"],
            f"{row['predicted']:.4g}",
            "" if row["std"] is None else f"{row['std']:.2g}",
            "" if row["measured"] is None else f"{row['measured']:.4g}",
            row["architecture"],
        ]
        for row in result["top"]
    ]
    print_table(columns, shown)
    if result["quality"]:
        measures = ", ".join(f"{name} {value:.3f}" for name, value in result["quality"].items())
        known = f"{result['measured']:,} measured {result['metric']}"
        typer.echo(f"\nagainst {known} (those it was fitted on included): {measures}")
