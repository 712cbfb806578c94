"""The result of `archflow bench search` as Markdown tables of all tasks and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.travel_comparison import signed_rank

POINTS = (50, 100, 150)
"""Numbers of queries for which tables show a figure."""

_CAP = "test accuracy, IJCAI 2024; we do not know the number of queries"

PUBLISHED: Mapping[tuple[str, str], tuple[float, str]] = {
    ("nb201-c10", "CAP"): (94.34, _CAP),
    ("nb201-c100", "CAP"): (73.41, _CAP),
}
"""By task and method, a published figure of the same metric of the same space, and its source. Figures that are known
from other papers' tables alone, and those of NAS-Bench-101's whole space, are left out."""

OURS = "archflow"
"""The method that is compared with each other one."""


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
    return "\n\n".join([head, markdown_table(heads, rows), *_published(name), *_paired(task)])


def _several(name: str, task: Mapping[str, Any]) -> str:
    heads = ["method", *(f"{each} queries" for each in _points(task)), "seconds"]
    rows = [
        [method, *(_figure(cell, "hypervolume", each) for each in _points(task)), f"{cell['seconds']:.1f}"]
        for method, cell in task["cells"].items()
    ]
    named = ", ".join(f"`{each}`" for each in task["objectives"])
    head = f"**{name}**: {task['architectures']:,} architectures, {named}"
    return "\n\n".join([head, markdown_table(heads, rows), *_paired(task)])


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


def _published(name: str) -> list[str]:
    """The published figures for a task."""
    known = [
        f"{method} {figure:g} ({source})" for (task, method), (figure, source) in PUBLISHED.items() if task == name
    ]
    return [f"Published: {'; '.join(known)}."] if known else []


def _paired(task: Mapping[str, Any]) -> list[str]:
    """Archflow's method against each other one, seed by seed."""
    own = task["cells"].get(OURS, {}).get("by_seed")
    others = [name for name, cell in task["cells"].items() if name != OURS and cell.get("by_seed")]
    if not own or not others:
        return []
    sign = 1 if len(task["objectives"]) > 1 else -1  # a larger hypervolume, fewer better architectures
    rows = []
    for name in others:
        theirs = task["cells"][name]["by_seed"]
        row = [name]
        for queries in own:
            both = min(len(own[queries]), len(theirs.get(queries, [])))
            gaps = sign * (np.array(own[queries][:both]) - np.array(theirs.get(queries, [])[:both]))
            p = signed_rank(gaps)
            row.append(f"{(gaps > 0).sum()} : {(gaps < 0).sum()}" + ("" if p is None else f" (p {_probability(p)})"))
        rows.append(row)
    return [
        f"`{OURS}` against each other method, seed by seed: how many seeds each of the two wins, and the two-sided "
        "p-value of Wilcoxon's signed-rank test, not corrected for the number of methods:",
        markdown_table(["method", *(f"{queries} queries" for queries in own)], rows),
    ]


def _probability(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


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
    digits = 4 if abs(mean) < 1 else 3 if abs(mean) < 10 else 2
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
