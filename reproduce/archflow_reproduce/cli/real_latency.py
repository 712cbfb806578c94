"""`archflow bench real-latency`: latency of real models, on devices of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, say


def real_latency(
    study: Annotated[str, typer.Argument(help="paddlex, neusight or pretraining.")],
    tables: Annotated[Path, typer.Option(help="The folder of the tables of graphs and latencies.")],
    imported: Annotated[
        Path, typer.Option(help="The folder of the tables that `archflow import` made of the graphs, by the same names.")
    ] = Path("runs/imported"),
    graphs: Annotated[
        str, typer.Option(help="With pretraining: the imported tables to pre-train on, with commas.")
    ] = "graphnet_part",
    methods: Annotated[str | None, typer.Option(help="Which methods, with commas; default: the study's.")] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="Draws of the rows to judge by; default: the study's.")] = None,
    folder: Annotated[Path, typer.Option(help="Keeps finished runs; the same command resumes.")] = Path(
        "runs/real-latency"
    ),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Predict the latency of PaddleX's networks, of NeuSight's transformers, or after pre-training on real graphs."""
    from archflow_reproduce.real_graphs.studies import run_study
    from archflow_reproduce.results.real_latency_report import real_latency_report

    record = Study("real-latency", out, as_json, force)
    result, data = run_study(study, tables, imported, names(graphs), names(methods), runs, folder / study, say)
    record.finish(result, data, real_latency_report(result))
