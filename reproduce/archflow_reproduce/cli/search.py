"""`archflow bench search`: search methods on tables, from many seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def search(
    tasks: Annotated[str | None, typer.Option(help="Which tasks, separated by commas; default: all.")] = None,
    methods: Annotated[
        str | None, typer.Option(help="Which methods, separated by commas: names or patterns; default: all.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of searches per method.")] = 50,
    budget: Annotated[int, typer.Option(min=10, help="Queries per search.")] = 150,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished searches; calls with more tasks, methods or seeds add to it.")
    ] = Path("runs/search"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Search tables by every method, from many seeds.

    What counts is the best architecture found after so many queries.
    """
    from archflow_reproduce.results.search_figure import write_chart
    from archflow_reproduce.results.search_report import search_report
    from archflow_reproduce.search.study import Selection, run_search

    study = Study("search", out, as_json, force, (".svg",))
    result = run_search(Selection(names(tasks), names(methods), seeds, budget), folder)
    hashes = {name: task["hash"] for name, task in result["tasks"].items()}
    study.finish(result, hashes, search_report(result), {".svg": write_chart} if result["tasks"] else None)
