"""`archflow bench experts`: ways to learn from cheap metrics, earlier epochs and other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def experts(
    tables: Annotated[str | None, typer.Option(help="Which tables, separated by commas; default: all.")] = None,
    labels: Annotated[
        str, typer.Option(help="Labels to learn from, separated by commas: counts, or fractions such as 1%.")
    ] = ("30,100"),
    draws: Annotated[int, typer.Option(min=1, help="Number of draws of the labels.")] = 3,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished draws; re-run the same command to resume.")
    ] = Path("runs/experts"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Learn also from other columns of a table.

    By experts, by a network that has learnt to rank all these columns, and by trees.
    """
    from archflow_reproduce.results.experts_report import experts_report
    from archflow_reproduce.travel.experts import Comparison, run_experts

    study = Study("experts", out, as_json, force)
    result = run_experts(Comparison(names(tables), names(labels), draws), folder)
    study.finish(result, {name: table["hash"] for name, table in result["tables"].items()}, experts_report(result))
