"""`archflow demo`: the whole path on the embedded benchmark, with a report to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import Json, print_json, print_table


def demo(
    out: Annotated[Path, typer.Option(help="The report to write (.html).")] = Path("archflow-demo.html"),
    labels: Annotated[float, typer.Option(help="Labels to learn from: a share or a count.")] = 0.05,
    pretrain_epochs: Annotated[int, typer.Option(min=1)] = 30,
    epochs: Annotated[int, typer.Option(min=1, help="Of fine-tuning.")] = 150,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    figures: Annotated[
        Path | None, typer.Option(help="A folder for the figures of the report, each as .png, .svg and .pdf.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Pre-train on 2,000 real cells, learn from 5 % of their accuracies, rank the rest, write a report."""
    from archflow.errors import ArchflowError
    from archflow.recipes.demo import run_demo
    from archflow.report.vega import require_altair

    drawn: Path | None = out
    try:
        require_altair()
    except ArchflowError as missing:
        typer.echo(f"no report will be written: {missing}", err=True)
        drawn = None
    result = run_demo(drawn, labels, pretrain_epochs, epochs, seed, figures)
    if as_json:
        print_json(result)
        return
    typer.echo(
        f"\ndigits201: {result['architectures']:,} NAS-Bench-201 cells trained on digits; "
        f"learnt from {result['labels']} accuracies, judged on the other {result['judged']:,}\n"
    )
    columns = ("tau", "spearman", "p_at_1", "p_at_5", "p_at_10", "regret_at_10")
    rows = [(m["method"], *(round(m[c], 3) for c in columns)) for m in result["methods"]]
    print_table(("method", "Kendall tau", "Spearman", "P@1%", "P@5%", "P@10%", "regret@10"), rows)
    typer.echo(f"\nreport: {result['report'] or 'none'}  ({result['seconds']:.0f} s)")
