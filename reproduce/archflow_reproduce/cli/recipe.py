"""`archflow bench recipe`: what the recipe gives for a few labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import DataOption, Json, MetricOption, ProcessesOption, ProxyOption, RunsOption, print_json


def recipe(
    data: DataOption,
    metric: MetricOption = None,
    proxy: ProxyOption = None,
    proxy_table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="A table with more proxies of the same architectures (`archflow proxies` writes one); its columns "
            "zc_* take the place of the data's own."
        ),
    ] = None,
    encoder: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The kind to pre-train; default: the recipe's own."),
    ] = None,
    labels: Annotated[float, typer.Option(help="Labels to learn from: a share of the train part, or a count.")] = 0.01,
    runs: RunsOption = 9,
    split: Annotated[str, typer.Option(help="As in `archflow bench fgp`.")] = "random",
    processes: ProcessesOption = 0,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where finished work is kept; the same command goes on from it. Default: runs/recipe-DATA."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="The result file (.json)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """The recipe under FGP's protocol, with an ablation of its ingredients, and how far its intervals hold."""
    import os

    from archflow.cli.output import names
    from archflow.data.benchmarks import find
    from archflow.data.proxies import proxy_columns, with_proxies
    from archflow.errors import ArchflowError
    from archflow.files import write_json
    from archflow.graph.table import read_table
    from archflow.recipes.presets import preset_of
    from archflow.recipes.recipe import recipe_for
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.protocol.protocol import measured_rows
    from archflow_reproduce.results.recipe_report import recipe_table
    from archflow_reproduce.studies.recipe import RecipeProtocol, run_recipe

    benchmark, path = find(data)
    table = read_table(path)
    if proxy_table is not None:
        table = with_proxies(table, read_table(proxy_table))
    metric = metric or (benchmark.metric if benchmark else None)
    if metric is None:
        raise ArchflowError("the table is no named benchmark: name the column to rank by with --metric")
    name = benchmark.name if benchmark else path.stem
    judged = table.select(measured_rows(table, name, metric))
    preset = preset_of(benchmark)
    protocol = RecipeProtocol(
        metric,
        names(proxy) or [column for column in proxy_columns(judged) if column != metric.removeprefix("-")],
        recipe_for(benchmark, encoder),
        labels=labels,
        runs=runs,
        train=preset.train,
        test=preset.test,
        split_by=split,
        shuffled=preset.shuffled,
    )
    result = run_recipe(
        protocol,
        name,
        table,
        folder or Path("runs") / f"recipe-{name}",
        processes or os.cpu_count() or 1,
        lambda step: typer.echo(step, err=True),
    )
    result["proxy_table"] = proxy_table.name if proxy_table else None
    if out is not None:
        write_json(out, result)
    if as_json:
        print_json(result)
        return
    for part in recipe_table(result):
        typer.echo(markdown_table(*part) + "\n")
