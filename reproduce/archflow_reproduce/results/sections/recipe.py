"""Results of `archflow bench recipe`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.columns import runs_told
from archflow_reproduce.results.recipe_report import entry, recipe_table
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.speed_report import processor


def recipe_section(name: str, record: Record, place: str) -> str:
    """The ablation, the calibration, and the command."""
    result, config, splits = record.content, record.config, record.result["splits"]
    recipe, proxies = config["recipe"], config["proxies"]
    judged = "all architectures, those learnt from among them" if splits["by"] == "all" else "the test part"
    ablation, calibration = recipe_table(result)
    alike = " and ".join(result["views_alike"])
    more = f"`{result['proxy_table']}` was made by `archflow proxies --space SPACE --table TABLE --names "
    return paragraphs(
        f"### {result['data']}, `{recipe['encoder']}`: `{result['metric']}` from {result['labels']:,} labels"
        + ", judged on all architectures" * (splits["by"] == "all")
        + (f", ranking `{proxies[0]}` alone" if len(proxies) == 1 else ""),
        f"Encoders, each pre-trained for {recipe['epochs']} epochs: {_tasks(config)}; "
        f"ranking {', '.join(f'`{proxy}`' for proxy in proxies) or 'no proxy'}. Judged on {judged} "
        f"({splits['test'][0]:,}); 40 more labels choose epochs, weigh both readings and calibrate. "
        f"{processor(result)}.",
        f"Here {alike} architectures are the whole ones: a row that differs in the view alone is left out."
        * bool(alike),
        markdown_table(*ablation),
        "How far the recipe's standard deviations and conformal intervals hold:",
        markdown_table(*calibration),
        (more + "zen,nwot,synflow,l2_norm`, space and table being the data's.") * bool(result["proxy_table"]),
        made_by(record, name, place),
    )


def _tasks(config: Mapping[str, Any]) -> str:
    """What the encoders were pre-trained by, and on which form of the architectures."""
    tasks = config["recipe"]["tasks" if config["proxies"] else "tasks_without_proxies"]
    return ", ".join(f"`{task}` on {view} architectures" for task, view in tasks)


def recipes_summary(records: Sequence[Record]) -> str:
    """Two measures of every recipe, with labels as they come and chosen, for the README."""
    columns = [("recipe", "tau"), ("recipe", "p_at_1"), ("labels chosen", "tau"), ("labels chosen", "p_at_1")]
    heads = ["data", "encoder", "labels", "held back", "runs", "Kendall tau", "P@1 %", "tau, chosen", "P@1 %, chosen"]
    rows = [
        [
            f"`{record.result['data']}`",
            f"`{record.config['recipe']['encoder']}`",
            f"{record.result['labels']:,}",
            "40",
            runs_told(record.config["runs"], record.config),
            *(entry(record.result["variants"][variant][key]) for variant, key in columns),
        ]
        for record in records
    ]
    return paragraphs(
        "[The recipe](docs/recipe.md), and with labels that `choose` picked. *held back*: labels on top of those, that "
        "choose epochs, weigh the readings and calibrate.",
        markdown_table(heads, rows),
    )


RECIPE = Kind(
    "recipe",
    "The recipe",
    recipe_section,
    "`archflow fit --recipe best` under the protocol, and what is left of it without an ingredient; all variants of a "
    "run share its encoders. Top 10: how many of the ten truly best are among the predicted best.",
)
