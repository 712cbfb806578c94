"""The result of `archflow bench search` as Markdown tables of all tasks and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table

POINTS = (50, 100, 150)
"""Numbers of queries for which tables show a figure."""


def search_report(result: Mapping[str, Any]) -> str:
    """All tables of a result."""
    found = result["tasks"]
    one = {name: task for name, task in found.items() if len(task["objectives"]) == 1}
    several = {name: task for name, task in found.items() if len(task["objectives"]) > 1}
    parts = []
    if one:
        parts += [
            "One objective: the reported metric of the architecture with the best value of the metric searched "
            "by, mean over seeds (quartiles); how many seeds found the best architecture of the table, and the "
            "median query at which they did. *rank* is the mean over tasks of a method's rank by the number of "
            "better architectures.",
            *(_one(name, task) for name, task in one.items()),
            _ranks(one),
        ]
    if several:
        parts += [
            "Several objectives: hypervolume relative to that of the true front, mean over seeds (quartiles).",
            *(_several(name, task) for name, task in several.items()),
        ]
    parts += [f"- {name}: left out: {reason}" for name, reason in result["skipped"].items()]
    return "\n\n".join(parts)


def _one(name: str, task: Mapping[str, Any]) -> str:
    heads = ["method", *(f"{each} queries" for each in _points(task)), "found", "by query", "seconds"]
    rows = []
    for method, cell in task["cells"].items():
        hits = [each for each in cell["found"] if each is not None]
        by = np.median([each or np.inf for each in cell["found"]])
        rows.append(
            [
                method,
                *(_figure(cell, "report", each) for each in _points(task)),
                f"{len(hits)}/{cell['seeds']}",
                f"{by:.0f}" if np.isfinite(by) else "",
                f"{cell['seconds']:.1f}",
            ]
        )
    chosen = " Settings of archflow's method were chosen on it." if task["chosen_on"] else ""
    head = (
        f"**{name}**: {task['architectures']:,} architectures, by `{task['objectives'][0]}`, "
        f"`{task['report']}` reported.{chosen}"
    )
    return f"{head}\n\n{markdown_table(heads, rows)}"


def _several(name: str, task: Mapping[str, Any]) -> str:
    heads = ["method", *(f"{each} queries" for each in _points(task)), "seconds"]
    rows = [
        [method, *(_figure(cell, "hypervolume", each) for each in _points(task)), f"{cell['seconds']:.1f}"]
        for method, cell in task["cells"].items()
    ]
    named = ", ".join(f"`{each}`" for each in task["objectives"])
    return f"**{name}**: {task['architectures']:,} architectures, {named}\n\n{markdown_table(heads, rows)}"


def _ranks(found: Mapping[str, Any]) -> str:
    """Mean ranks of the methods that all tasks have."""
    methods = [
        method
        for method in next(iter(found.values()))["cells"]
        if all(method in task["cells"] for task in found.values())
    ]
    points = [each for each in POINTS if all(each in _points(task) for task in found.values())]
    rows = []
    for method in methods:
        ranks = [np.mean([_rank(task, methods, method, each) for task in found.values()]) for each in points]
        rows.append([method, *(f"{rank:.1f}" for rank in ranks)])
    return markdown_table(["rank", *(f"{each} queries" for each in points)], rows)


def _rank(task: Mapping[str, Any], methods: Sequence[str], method: str, queries: int) -> float:
    """The rank of a method by the mean number of better architectures; equal methods get the mean of their ranks."""
    means = {}
    for each in methods:
        cell = task["cells"][each]
        means[each] = cell["better"]["mean"][cell["queries"].index(queries)]
    lower = sum(other < means[method] for other in means.values())
    return lower + (sum(other == means[method] for other in means.values()) + 1) / 2


def _points(task: Mapping[str, Any]) -> list[int]:
    """Those of `POINTS` that the searches reached; if none, their last number of queries."""
    queries = next(iter(task["cells"].values()))["queries"]
    return [each for each in POINTS if each in queries] or queries[-1:]


def _figure(cell: Mapping[str, Any], measure: str, queries: int) -> str:
    at = cell["queries"].index(queries)
    mean, low, high = (cell[measure][each][at] for each in ("mean", "quarter", "three_quarters"))
    digits = 3 if abs(mean) < 10 else 2
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
