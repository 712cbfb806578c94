"""The result of `archflow bench few` for readers: Spearman's rank correlation by method and task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table


def few_report(result: Mapping[str, Any]) -> str:
    """The tables of methods, numbers of measurements and samplers, and the devices missing from each task."""
    config, tasks = result["config"], result["tasks"]
    main, count = config["methods"][0], config["headline"]
    published = [["NASFLAT (published)", *(f"{task['published']:.3f}" for task in tasks.values()), ""]]
    published[0][-1] = f"{np.mean([task['published'] for task in tasks.values()]):.3f}"
    others = [f"{main} | random | {samples}" for samples in config["samples"]]
    samplers = [f"{main} | {sampler} | {count}" for sampler in config["samplers"]]
    return "\n\n".join(
        [
            f"**{count} measurements, drawn at random**",
            _table(
                result, {method: f"{method} | random | {count}" for method in config["methods"]}, "method", published
            ),
            f"**By the number of measurements, `{main}`**",
            _table(result, {key.rpartition(" ")[2]: key for key in others}, "measurements"),
            f"**By sampler, `{main}`, {count} measurements**",
            _table(result, dict(zip(config["samplers"], samplers, strict=True)), "sampler"),
            *(
                f"- {name}: {task['architectures']:,} architectures; without {', '.join(task['missing'])}, which no "
                "table here has."
                for name, task in tasks.items()
                if task["missing"]
            ),
        ]
    )


def spearmans(result: Mapping[str, Any], setting: str) -> dict[str, list[float]]:
    """By task, the mean over its target devices in every trial; tasks that a method cannot do are left out."""
    return {
        name: [float(np.mean(list(trial[setting].values()))) for trial in trials.values()]
        for name, trials in result["cells"].items()
        if all(setting in trial for trial in trials.values())
    }


def _table(result: Mapping[str, Any], settings: Mapping[str, str], head: str, more: Any = ()) -> str:
    rows = []
    for name, setting in settings.items():
        means = {task: float(np.mean(each)) for task, each in spearmans(result, setting).items()}
        mean = f"{np.mean(list(means.values())):.3f}" if len(means) == len(result["tasks"]) else ""
        rows.append([name, *(f"{means[task]:.3f}" if task in means else "" for task in result["tasks"]), mean])
    return markdown_table([head, *result["tasks"], "mean"], [*rows, *more])
