"""`archflow bench few`: NASFLAT's tasks, with a few measurements on a new device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, say


def few(
    tasks: Annotated[str, typer.Option(help="NASFLAT's tasks, separated by commas; default: all twelve.")] = "",
    trials: Annotated[int, typer.Option(min=1, help="Number of draws of the measured architectures.")] = 3,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished trials; re-run the same command to resume.")
    ] = Path("runs/few"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Rank on a new device from 5 to 30 measurements.

    By NASFLAT's twelve tasks.
    """
    from archflow_reproduce.devices.few import run_few
    from archflow_reproduce.devices.tasks import TASKS
    from archflow_reproduce.results.few_report import few_report

    study = Study("few", out, as_json, force)
    result = run_few(names(tasks) if tasks else TASKS, trials, folder, say=say)
    study.finish(result, {"nasbench201, fbnet": result.pop("data_hash")}, few_report(result))
