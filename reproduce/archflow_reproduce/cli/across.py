"""`archflow bench across`: from the cells of one search space to those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, say


def across(
    sources: Annotated[str, typer.Option(help="Tables to learn from, separated by commas.")] = "nb101",
    targets: Annotated[
        str, typer.Option(help="Tables to rank, separated by commas; a source by its held-out rows.")
    ] = "nb101,nb201-c10,nb301,darts-swap",
    labels: Annotated[int, typer.Option(min=20, help="Labels to learn from in each source.")] = 1000,
    few: Annotated[int, typer.Option(min=3, help="Measured cells of each target.")] = 10,
    seeds: Annotated[int, typer.Option(min=1, help="Number of draws of rows and weights.")] = 3,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished runs; re-run the same command to resume.")
    ] = Path("runs/across"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Rank cells of search spaces that were not learnt from.

    Operations are given as text or by name.
    """
    from archflow_reproduce.results.across_report import across_report
    from archflow_reproduce.studies.across import Across, run_across

    study = Study("across", out, as_json, force)
    result = run_across(Across(names(sources), names(targets), labels, few, seeds), folder, say)
    study.finish(result, {name: table["hash"] for name, table in result["tables"].items()}, across_report(result))
