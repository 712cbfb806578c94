"""`archflow bench latency`: predictors of latency beside their baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def latency(
    tables: Annotated[
        str | None,
        typer.Option(help="Which tables, separated by commas: names, or patterns such as 'paddlex/*'; default: all."),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(help="Which methods, separated by commas: names, or patterns such as 'baseline/*'; default: all."),
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="Latencies to learn from, separated by commas: numbers, or fractions of a table's rows such as 70%."
        ),
    ] = "30,100",
    draws: Annotated[int, typer.Option(min=1, help="Number of draws of the labels.")] = 3,
    folder: Annotated[
        Path,
        typer.Option(help="The folder of finished draws; the same command, or one with more of anything, resumes."),
    ] = Path("runs/latency"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Predict latencies from a few measured ones.

    archflow's predictors beside baselines, on several devices.
    """
    from archflow_reproduce.latency.study import Comparison, run_latency
    from archflow_reproduce.results.latency_report import latency_report

    study = Study("latency", out, as_json, force)
    wanted = Comparison(names(tables), names(methods), names(labels), draws)
    result = run_latency(wanted, folder)
    study.finish(result, {name: table["hash"] for name, table in result["tables"].items()}, latency_report(result))
