"""`archflow bench pretext`: which pre-training helps which encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import (
    ForceOption,
    Json,
    MetricOption,
    ProcessesOption,
    ProxyOption,
    RunsOption,
    ViewOption,
    names,
    numbers,
)
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores, say


def pretext(
    data: Annotated[str, typer.Option("--data", help="Data sets' names or table files, separated by commas.")],
    encoders: options.SeveralEncoders = "gated_gcn",
    tasks: options.Tasks = None,
    pretrain_on: options.PretrainOn = None,
    proxy: ProxyOption = None,
    metric: MetricOption = None,
    labels: options.SeveralLabels = "0.01",
    runs: RunsOption = 9,
    split: options.SplitAsFGP = "random",
    view: ViewOption = None,
    pretrain_epochs: options.PretrainEpochs = 200,
    epochs: options.Epochs = None,
    processes: ProcessesOption = 0,
    folder: options.PretextFolder = Path("runs/pretext"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare encoders and pretext tasks, by data and labels."""
    from archflow.data.catalogue import BENCHMARKS
    from archflow.data.several import several_tables
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.results.pretext_report import matrix_report, matrix_table
    from archflow_reproduce.studies.pretext import comparisons_of, matrix_hashes, pretext_matrix

    study = Study("pretext", out, as_json, force, (".html",))
    tables = several_tables("--data", names(data))
    elsewhere = several_tables("--pretrain-on", names(pretrain_on)) if pretrain_on is not None else {}
    ranks = {"metric": metric, "proxies": names(proxy), "labels": numbers("--labels", labels, float), "runs": runs}
    trains = {"epochs": [epochs] if epochs else [], "pretrain_epochs": pretrain_epochs}
    benchmarks = {name: BENCHMARKS.get(name) for name in tables}
    settings = {"split_by": split, "view": view, **ranks, **trains}
    comparisons = comparisons_of(benchmarks, names(encoders), names(tasks), **settings)
    result = pretext_matrix(comparisons, tables, folder, cores(processes), say, elsewhere)
    hashes = matrix_hashes(result, tables, elsewhere)
    study.finish(result, hashes, markdown_table(*matrix_table(result)), {".html": matrix_report})
