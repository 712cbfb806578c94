"""`archflow bench soak`: a long, even load on a running service."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def soak(
    address: Annotated[str, typer.Argument(help="The service, such as http://127.0.0.1:8000.")],
    model: Annotated[str, typer.Option(help="The predictor to ask.")],
    space: Annotated[str, typer.Option(help="The space from which architectures are drawn.")] = "nasbench201",
    rate: Annotated[float, typer.Option(min=0.1, help="Requests per second.")] = 50.0,
    clients: Annotated[int, typer.Option(min=1, help="Connections at once.")] = 4,
    minutes: Annotated[int, typer.Option(min=1, help="How long.")] = 60,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Ask a running service for everything, evenly, for an hour.

    Every minute, its memory, open files, threads and times of answers are noted. Its token is ARCHFLOW_TOKEN, if that
    is set.
    """
    from archflow.progress import progress_bar
    from archflow_reproduce.results.soak_report import soak_tables
    from archflow_reproduce.speed.asked import Service
    from archflow_reproduce.speed.soak import Soak, run_soak

    study = Study("soak", out, as_json, force)
    load = Soak(Service(address.rstrip("/"), os.environ.get("ARCHFLOW_TOKEN")), clients, rate)
    with progress_bar("minutes", minutes) as bar:
        result = run_soak(load, model, space, minutes, lambda: bar.advance(1))
    study.finish(result, {}, "\n\n".join(soak_tables(result)))
