"""`archflow bench proxies`: zero-cost proxies against published values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores


def proxies(
    count: Annotated[int, typer.Option(min=3, help="Number of the 1,104 reference cells to use.")] = 240,
    images: Annotated[str, typer.Option(help="The images: digits or noise.")] = "digits",
    speed_cells: Annotated[int, typer.Option(min=1, help="Number of cells on which every proxy is timed.")] = 6,
    processes: options.Networks = 0,
    folder: Annotated[Path, typer.Option(help="The folder of unfinished work.")] = Path("runs/proxies"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare zero-cost proxies with published values.

    On NAS-Bench-201, with their speed. After an interruption the same command resumes.
    """
    from archflow.progress import progress_bar
    from archflow_reproduce.results.zero_cost_report import zero_cost_tables
    from archflow_reproduce.studies.zero_cost import run_zero_cost

    study = Study("proxies", out, as_json, force)
    with progress_bar(f"proxies on {images}", count) as progress:
        result = run_zero_cost(count, images, folder, cores(processes), speed_cells, progress)
    hashes = {"nasbench201_zero_cost_reference": result.pop("data_hash")}
    study.finish(result, hashes, "\n\n".join(zero_cost_tables(result)))
