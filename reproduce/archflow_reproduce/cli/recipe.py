"""`archflow bench recipe`: what the recipe gives for a few labels."""

from __future__ import annotations

from pathlib import Path

from archflow.cli.output import DataOption, Json, MetricOption, ProcessesOption, ProxyOption, RunsOption, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores, named_table, say


def recipe(
    data: DataOption,
    metric: MetricOption = None,
    proxy: ProxyOption = None,
    proxy_table: options.ProxyTable = None,
    encoder: options.RecipeEncoder = None,
    labels: options.Labels = 0.01,
    runs: RunsOption = 9,
    split: options.SplitAsFGP = "random",
    processes: ProcessesOption = 0,
    folder: options.Folder = None,
    out: options.Out = None,
    as_json: Json = False,
) -> None:
    """The recipe under FGP's protocol, with an ablation of its ingredients, and how far its intervals hold."""
    from archflow.data.proxies import with_proxies
    from archflow.graph.table import read_table
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.results.recipe_report import recipe_table
    from archflow_reproduce.results.record import data_hash
    from archflow_reproduce.studies.recipe import published_recipe_protocol, run_recipe

    study = Study("recipe", out, as_json)
    name, benchmark, table = named_table(data)
    if proxy_table is not None:
        table = with_proxies(table, read_table(proxy_table))
    settings = {"labels": labels, "runs": runs, "split_by": split}
    protocol = published_recipe_protocol(benchmark, table, encoder, metric=metric, proxies=names(proxy), **settings)
    place = folder or Path("runs") / f"recipe-{name}"
    result = run_recipe(protocol, name, table, place, cores(processes), say)
    result["proxy_table"] = proxy_table.name if proxy_table else None
    text = "\n\n".join(markdown_table(*part) for part in recipe_table(result))
    study.finish(result, {name: data_hash(table, protocol.metric)}, text)
