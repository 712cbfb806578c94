"""`archflow bench pretext`: which pre-training helps whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import (
    Json,
    MetricOption,
    ProcessesOption,
    ProxyOption,
    RunsOption,
    ViewOption,
    names,
    numbers,
    print_json,
)

_TASKS = "supervised,proxy,flow,fgp,arch2vec,cap,cate,dclp,gmae,graphcl"


def pretext(
    data: Annotated[str, typer.Option("--data", help="Data sets' names or table files, with commas.")],
    encoders: Annotated[str, typer.Option(help="Which encoders, with commas.")] = "gated_gcn",
    tasks: Annotated[
        str,
        typer.Option(
            help="With commas: supervised, pretext tasks, sums of them such as 0.5*flow+0.5*gmae; surrogates for FGP's "
            "variants, all or by name (fgp_forward ...); learned for a learnt surrogate."
        ),
    ] = _TASKS,
    pretrain_on: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Data sets or table files, with commas, whose architectures, all together, encoders are pre-trained "
            "on; default: those of the table that is ranked."
        ),
    ] = None,
    proxy: ProxyOption = None,
    metric: MetricOption = None,
    labels: Annotated[
        str, typer.Option(help="Labels to learn from, with commas: shares of the train part, or counts.")
    ] = "0.01",
    runs: RunsOption = 9,
    split: Annotated[str, typer.Option(help="As in `archflow bench fgp`.")] = "random",
    view: ViewOption = None,
    pretrain_epochs: Annotated[int, typer.Option(min=1)] = 200,
    epochs: Annotated[Optional[int], typer.Option(min=1, help="Of fine-tuning; default: the paper's.")] = None,  # noqa: UP045
    processes: ProcessesOption = 0,
    folder: Annotated[
        Path,
        typer.Option(help="Where finished and unfinished cells are kept; a larger matrix goes on from them."),
    ] = Path("runs/pretext"),
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="The result file (.json); the report (.html) goes beside it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """The matrix of encoders, pretext tasks, data sets and numbers of labels; any part of it."""
    import os

    from archflow.data.catalogue import BENCHMARKS
    from archflow.data.several import several_tables
    from archflow.files import write_json
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.protocol.methods import expanded
    from archflow_reproduce.results.pretext_report import matrix_report, matrix_table
    from archflow_reproduce.studies.encoders import Comparison
    from archflow_reproduce.studies.pretext import pretext_matrix

    tables = several_tables("--data", names(data))
    elsewhere = several_tables("--pretrain-on", names(pretrain_on)) if pretrain_on is not None else {}
    comparisons = [
        Comparison(
            name,
            BENCHMARKS.get(name),
            names(encoders),
            labels=numbers("--labels", labels, float),
            methods=expanded(names(tasks)),
            runs=runs,
            split_by=split,
            view=view,
            epochs=[epochs] if epochs else [],
            pretrain_epochs=pretrain_epochs,
            proxies=names(proxy),
            metric=metric,
        )
        for name in tables
    ]
    result = pretext_matrix(
        comparisons,
        tables,
        folder,
        processes or os.cpu_count() or 1,
        lambda step: typer.echo(step, err=True),
        elsewhere,
    )
    if out is not None:
        write_json(out, result)
        matrix_report(out.with_suffix(".html"), result)
    if as_json:
        print_json(result)
        return
    typer.echo(markdown_table(*matrix_table(result)))
