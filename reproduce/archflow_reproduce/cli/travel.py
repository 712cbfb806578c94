"""`archflow bench travel`: one predictor and its rivals on many tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, RunsOption, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study

EarlierOption = Annotated[
    Path | None,
    typer.Option(help="A result file of this verb, whose runs are not measured again but count in the result."),
]


def travel(
    tables: Annotated[str | None, typer.Option(help="Which tables, separated by commas; default: all.")] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Methods, separated by commas: names, patterns such as 'xgboost/*', baselines, ours; default: all."
        ),
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="Labels to learn from, separated by commas: counts, or fractions of the measured rows such as 1%."
        ),
    ] = "30,1%,5%",
    runs: RunsOption = 9,
    rows: Annotated[
        str, typer.Option(help="reported, or development: the other architectures, on which choices are made.")
    ] = "reported",
    folder: Annotated[
        Path | None,
        typer.Option(
            help="The folder of finished runs; calls with more tables, methods, labels or runs add to it. "
            "Default: runs/travel-ROWS."
        ),
    ] = None,
    earlier: EarlierOption = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Rank many tables from few labels, beside baselines."""
    from archflow_reproduce.results.travel_report import travel_report
    from archflow_reproduce.travel.earlier import Earlier
    from archflow_reproduce.travel.study import Selection, run_travel

    study = Study("travel", out, as_json, force)
    selection = Selection(rows, names(tables), names(methods), names(labels), runs)
    known = Earlier.read(earlier) if earlier else None
    result = run_travel(selection, folder or Path("runs") / f"travel-{rows}", known)
    study.finish(result, {name: table["hash"] for name, table in result["tables"].items()}, travel_report(result))
