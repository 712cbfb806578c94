"""`archflow bench neusight`: the time of operations and transformers on a GPU left out."""

from __future__ import annotations

from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, say


def neusight(
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print the devices left out.")] = False,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Predict NeuSight's transformers on each GPU.

    From the times on other GPUs and the makers' data sheets.
    """
    from archflow_reproduce.latency.neusight import data_hashes, run_neusight
    from archflow_reproduce.results.neusight_report import neusight_report

    study = Study("neusight", out, as_json, force)
    result = run_neusight((lambda _: None) if quiet else say)
    study.finish(result, data_hashes(), neusight_report(result))
