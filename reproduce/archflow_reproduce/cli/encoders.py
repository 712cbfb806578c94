"""`archflow bench encoders`: all encoders side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import (
    DataOption,
    Json,
    MetricOption,
    ProcessesOption,
    RunsOption,
    ValidationOption,
    ViewOption,
    names,
    numbers,
    print_json,
)


def encoders(
    data: DataOption,
    metric: MetricOption = None,
    chosen: Annotated[str, typer.Option("--encoders", help="Which to compare, with commas; default: all.")] = "",
    labels: Annotated[
        str, typer.Option(help="Labels to learn from, with commas: shares of the train part, or counts.")
    ] = "0.01",
    methods: Annotated[str, typer.Option(help="supervised, proxy, flow, fgp, with commas.")] = "supervised",
    runs: RunsOption = 9,
    split: Annotated[str, typer.Option(help="As in `archflow bench fgp`.")] = "random",
    validation: ValidationOption = 40,
    view: ViewOption = None,
    epochs: Annotated[
        str,
        typer.Option(
            help="Of fine-tuning: one number for each of the labels, with commas, or one for all; default: every "
            "encoder's published ones."
        ),
    ] = "",
    pretrain_epochs: Annotated[int, typer.Option(min=1)] = 200,
    processes: ProcessesOption = 0,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Where finished and unfinished runs are kept; the same command, or one with more encoders or labels, "
            "goes on from them. Default: runs/encoders-DATA."
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="The result file (.json); the chart (.svg) and the report (.html) go beside it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Every encoder on the same few labels: how well it ranks, and how long it takes for an architecture."""
    import os

    from archflow.data.benchmarks import find
    from archflow.encoders import ENCODERS, encoders_of
    from archflow.files import write_atomically, write_json
    from archflow.graph.table import read_table
    from archflow.report.markdown import markdown_table
    from archflow.report.svg import standalone
    from archflow_reproduce.results.encoders_report import encoders_report, encoders_table, speed_accuracy_chart
    from archflow_reproduce.studies.encoders import Comparison, compare_encoders

    for name in names(chosen):
        ENCODERS.get(name)
    benchmark, path = find(data)
    table = read_table(path)
    comparison = Comparison(
        benchmark.name if benchmark else path.stem,
        benchmark,
        names(chosen) or encoders_of(table.architectures),
        metric=metric,
        labels=numbers("--labels", labels, float),
        methods=names(methods),
        runs=runs,
        split_by=split,
        validation=validation,
        view=view,
        epochs=numbers("--epochs", epochs, int),
        pretrain_epochs=pretrain_epochs,
    )
    folder = folder or Path("runs") / f"encoders-{comparison.data}"
    result = compare_encoders(
        comparison,
        table,
        folder,
        processes or os.cpu_count() or 1,
        lambda step: typer.echo(step, err=True),
    )
    if out is not None:
        write_json(out, result)
        with write_atomically(out.with_suffix(".svg")) as temporary:
            temporary.write_text(standalone(speed_accuracy_chart(result)), encoding="utf-8")
        encoders_report(out.with_suffix(".html"), result)
    if as_json:
        print_json(result)
        return
    typer.echo(markdown_table(*encoders_table(result)))
