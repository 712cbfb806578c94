"""`archflow bench workers`: how much faster two workers rank a search space than one."""

from __future__ import annotations

from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow.cli.rank_stream import count
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def workers(
    cells: Annotated[
        int, typer.Option(parser=count, metavar="<number>", help="How many DARTS cells to rank: 1e6.")
    ] = 500_000,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Time one and two workers that rank a sample of DARTS.

    Workers are archflow's own processes and, if Ray is installed, those of a local Ray cluster.
    """
    from archflow.progress import LOGGER
    from archflow_reproduce.results.workers_report import workers_tables
    from archflow_reproduce.speed.worker_scaling import run_worker_scaling

    study = Study("workers", out, as_json, force)
    result = run_worker_scaling(cells, on_step=LOGGER.info)
    study.finish(result, {}, "\n\n".join(workers_tables(result)))
