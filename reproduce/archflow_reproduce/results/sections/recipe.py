"""Results of `archflow bench recipe`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.recipe_report import entry, recipe_table
from archflow_reproduce.results.sections.section import Kind, Result, command, made_by, out_option, paragraphs
from archflow_reproduce.results.speed_report import processor


def recipe_section(name: str, result: Result, place: str) -> str:
    """The ablation, the calibration, and the command."""
    config, splits = result["config"], result["splits"]
    recipe, proxies = config["recipe"], config["proxies"]
    options = {
        "data": result["data"],
        "metric": result["metric"],
        "proxy": ",".join(proxies) or None,
        "proxy-table": result["proxy_table"],
        "encoder": recipe["encoder"],
        "labels": f"{config['labels']:g}",
        "runs": config["runs"],
        "split": splits["by"],
        "out": out_option(name, place),
    }
    judged = "all architectures, those learnt from among them" if splits["by"] == "all" else "the test part"
    ablation, calibration = recipe_table(result)
    return paragraphs(
        f"### {result['data']}, `{recipe['encoder']}`: `{result['metric']}` from {result['labels']:,} labels"
        + ", judged on all architectures" * (splits["by"] == "all")
        + (f", ranking `{proxies[0]}` alone" if len(proxies) == 1 else ""),
        f"Encoders, each pre-trained for {recipe['epochs']} epochs: {_tasks(config)}; "
        f"ranking {', '.join(f'`{proxy}`' for proxy in proxies) or 'no proxy'}. Judged on {judged} "
        f"({splits['test'][0]:,}); 40 more labels {_held_back(result)}. {processor(result)}.",
        markdown_table(*ablation),
        "How far the recipe's standard deviations and conformal intervals hold:",
        markdown_table(*calibration),
        *(
            [
                f"`{result['proxy_table']}` was made by `archflow proxies --space SPACE --table TABLE --names "
                "zen,nwot,synflow,l2_norm`, space and table being the data's."
            ]
            if result["proxy_table"]
            else []
        ),
        made_by(command("recipe", options), name, place),
    )


def _held_back(result: Result) -> str:
    """What validation labels are for."""
    if _weighed(result):
        return "choose epochs, weigh both readings and calibrate"
    return "choose epochs and calibrate; measured when the recipe weighed both readings alike"


def _weighed(result: Result) -> bool:
    """Results that lack "evenly blended" are from before the readings were weighed."""
    return "evenly blended" in result["variants"]


def _tasks(config: Mapping[str, Any]) -> str:
    """What the encoders were pre-trained by, and on which form of the architectures."""
    tasks = config["recipe"]["tasks" if config["proxies"] else "tasks_without_proxies"]
    return ", ".join(f"`{task}` on {view} architectures" for task, view in tasks)


def recipes_summary(results: Sequence[Result]) -> str:
    """Two measures of every recipe, with labels as they come and chosen, for the README."""
    columns = [("recipe", "tau"), ("recipe", "p_at_1"), ("labels chosen", "tau"), ("labels chosen", "p_at_1")]
    heads = ["data", "encoder", "labels", "runs", "weighed by", "Kendall tau", "P@1 %", "tau, chosen", "P@1 %, chosen"]
    rows = [
        [
            f"`{result['data']}`",
            f"`{result['config']['recipe']['encoder']}`",
            f"{result['labels']:,}",
            str(result["config"]["runs"]),
            "labels" if _weighed(result) else "alike",
            *(entry(result["variants"][variant][key]) for variant, key in columns),
        ]
        for result in results
    ]
    return paragraphs(
        "[The recipe](docs/recipe.md), and with labels that `choose` picked; *alike*: measured before its two readings "
        "were weighed by labels.",
        markdown_table(heads, rows),
    )


RECIPES = Kind(
    frozenset({"variants"}),
    "The recipe",
    recipe_section,
    "`archflow fit --recipe best` under the protocol, and what is left of it without an ingredient; all variants of a "
    "run share its encoders. Top 10: how many of the ten truly best are among the predicted best.",
)
