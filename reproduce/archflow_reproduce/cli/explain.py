"""`archflow bench explain`: predicted effects of single changes beside the true ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, named_table


def explain(
    data: Annotated[str, typer.Option(help="Cells of NAS-Bench-201: a data set's name or a table.")] = "nasbench201",
    metric: Annotated[str, typer.Option(help="The column to learn.")] = "cifar10_test_acc",
    labels: Annotated[int, typer.Option(min=10, help="Labels to learn from.")] = 100,
    cells: Annotated[int, typer.Option(min=1, help="Number of cells whose changes are predicted.")] = 500,
    draws: Annotated[int, typer.Option(min=1, help="Number of draws of labels and cells.")] = 9,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished draws; re-run the same command to resume.")
    ] = Path("runs/explain"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare predicted effects of changes with measured ones.

    Each change replaces one operation.
    """
    from archflow_reproduce.results.explain_report import explain_report
    from archflow_reproduce.results.record import data_hash
    from archflow_reproduce.studies.explain import Comparison, run_explain

    study, named = Study("explain", out, as_json, force), named_table(data)
    result = run_explain(named.table, Comparison(metric, labels, cells, draws), folder)
    study.finish(result, {named.name: data_hash(named.table, metric)}, explain_report(result))
