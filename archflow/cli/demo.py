"""`archflow demo`: the whole workflow on the embedded benchmark, with a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archflow.cli.output import ComputeOption, ForceOption, Json, label_count, print_json, print_table, warn

FiguresOption = Annotated[
    Path | None, typer.Option(help="A folder for the report's figures, each as .png, .svg and .pdf.")
]


LabelsOption = Annotated[
    float,
    typer.Option(
        help="Labels to learn from: a count, or a fraction such as 0.05 or 5%.", parser=label_count, metavar="<labels>"
    ),
]


def demo(
    out: Annotated[Path, typer.Option(help="The report to write (.html).")] = Path("archflow-demo.html"),
    labels: LabelsOption = 0.05,
    pretrain_epochs: Annotated[int, typer.Option(min=1, help="Pre-training epochs.")] = 30,
    epochs: Annotated[int, typer.Option(min=1, help="Fine-tuning epochs.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 21,
    device: ComputeOption = "cpu",
    figures: FiguresOption = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Show the whole workflow on 2,000 real cells.

    Pre-train, learn from 5 % of their accuracies, rank the rest and write a report.
    """
    from archflow.errors import ArchflowError
    from archflow.files import check_folder
    from archflow.outputs import Output, check_outputs
    from archflow.recipes.demo import run_demo
    from archflow.report.page import is_page
    from archflow.report.vega import require_altair

    check_outputs(Output("--out", out, "a report", (".html",), is_page), force=force)
    if figures is not None:
        check_folder(figures)
    drawn: Path | None = out
    try:
        require_altair()
    except ArchflowError as missing:
        warn(f"no report will be written: {missing}")
        drawn = None
    result = run_demo(drawn, labels, pretrain_epochs, epochs, seed, figures, device)
    _print(result, as_json)


def _print(result: dict[str, Any], as_json: bool) -> None:
    """Print how well each method ranked."""
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
