"""`archflow bench widths`: zero-cost proxies of narrow networks against those of the published width."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores


def widths(
    count: Annotated[int, typer.Option(min=3, help="Number of the protocol's NAS-Bench-101 cells to use.")] = 200,
    processes: options.Networks = 0,
    folder: Annotated[
        Path, typer.Option(help="The folder of unfinished work; re-run the same command to resume.")
    ] = Path("runs/widths"),
    collect: options.Collect = False,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare proxies of narrow networks with full ones.

    Whether proxies of narrow networks on small images rank NAS-Bench-101 cells as those of full networks do.
    """
    from archflow.progress import progress_bar
    from archflow_reproduce.results.widths_report import widths_tables
    from archflow_reproduce.studies.widths import run_widths, steps

    study = Study("widths", out, as_json, force)
    with progress_bar("proxies by width", steps(count)) as progress:
        result = run_widths(count, folder, processes=cores(processes), progress=progress, collect=collect)
    study.finish(result, {"nasbench101": result.pop("data_hash")}, "\n\n".join(widths_tables(result)))
