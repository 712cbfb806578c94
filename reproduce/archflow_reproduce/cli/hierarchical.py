"""`archflow bench hierarchical`: the evolution of hierarchical representations, by real trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def hierarchical(
    seeds: Annotated[int, typer.Option(min=1, help="Number of searches per method.")] = 3,
    budget: Annotated[int, typer.Option(min=21, help="Training runs per search.")] = 200,
    folder: Annotated[
        Path,
        typer.Option(help="The folder of training runs; the same command, or one with more seeds or runs, resumes."),
    ] = Path("runs/hierarchical"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Search hierarchical cells by evolution and at random.

    Every query trains a network on digits.
    """
    from archflow_reproduce.results.hierarchical_report import hierarchical_report
    from archflow_reproduce.search.hierarchical import Searches, run_hierarchical

    study = Study("hierarchical", out, as_json, force)
    result = run_hierarchical(Searches(seeds, budget), folder)
    study.finish(result, {}, hierarchical_report(result))
