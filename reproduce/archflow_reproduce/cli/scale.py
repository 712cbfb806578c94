"""`archflow bench scale`: how fast a large sample of a search space is ranked."""

from __future__ import annotations

from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow.cli.rank_stream import count
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def scale(
    cells: Annotated[
        int, typer.Option(parser=count, metavar="<number>", help="How many DARTS cells to rank: 1e6.")
    ] = 100_000,
    processes: Annotated[int, typer.Option(min=1, help="Processes to score in.")] = 1,
    encoder: Annotated[str, typer.Option(help="The predictor's encoder, of its default size.")] = "gin",
    precision: Annotated[str, typer.Option(help="As `archflow rank` takes it.")] = "auto",
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Time the ranking of a sample of DARTS, and its parts."""
    from archflow_reproduce.results.scale_report import scale_tables
    from archflow_reproduce.speed.ranking import Stream, run_speed_ranking

    study = Study("scale", out, as_json, force)
    result = run_speed_ranking(Stream(cells, processes, encoder, precision))
    study.finish(result, {}, "\n\n".join(scale_tables(result)))
