"""The headlines of the README: archflow's default predictor and search beside what a user would take instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.travel_comparison import Comparison

OURS = "archflow"

QUERIES = 100
"""The number of queries of the headline of searches."""


def travel_headline(records: Sequence[Record]) -> str:
    """For each number of labels, mean Kendall tau of the default and of the baselines that apply to all tables.

    Of several records with the same number of labels, that of the most tables counts.
    """
    found = [
        (budget, Comparison.of(record.content, budget), record)
        for record in records
        if record.result["rows"] == "reported"
        for budget in record.config["budgets"]
    ]
    found = [
        (budget, tau, record) for budget, tau, record in found if tau.leader is not None and tau.complete[tau.leader]
    ]
    found = list({each[0]: each for each in sorted(found, key=lambda each: len(each[1].tables))}.values())
    found.sort(key=lambda each: (each[0].endswith("%"), float(each[0].removesuffix("%"))))
    if not found:
        return ""
    heads, columns = ["predictor"], []
    for budget, tau, record in found:
        labels = f"{budget.removesuffix('%')} %" if budget.endswith("%") else f"{budget} labels"
        heads += [f"{labels}, {len(tau.tables)} tables, {record.config['runs']} runs", "archflow is ahead on"]
        columns.append(_column(tau))
    baselines = [name for name in columns[0] if name != OURS and all(name in column for column in columns)]
    rows = [[name, *(text for column in columns for text in column[name])] for name in (OURS, *baselines)]
    return (
        "Mean Kendall tau over tables of different search spaces, from a number or a percentage of measured rows. "
        "Baselines get the same labels; with `/all` they get every feature and known column that archflow's default "
        f"reads, with `/graf` GRAF's features.\n\n{markdown_table(heads, rows)}"
    )


def _column(tau: Comparison) -> dict[str, tuple[str, str]]:
    """By name, the mean tau of the default and of the complete baselines, the best first; how many tables it leads."""
    leader, means = tau.leader, tau.mean()
    assert leader is not None, "asked before"
    found = {OURS: (f"**{means[leader]:.3f}**", "")}
    for row in sorted(tau.others(baselines=True), key=lambda row: -means[row]):
        if tau.complete[row]:
            ahead = int((tau.difference(leader, row) > 0).sum())
            found[f"`{tau.methods[row]}`"] = (f"{means[row]:.3f}", f"{ahead} of {len(tau.tables)}")
    return found


def search_headline(records: Sequence[Record]) -> str:
    """The reported metric after `QUERIES` queries, for the methods that all tasks of the largest records have."""
    most = max((record.config["seeds"] for record in records), default=0)
    tasks = {
        name: task
        for record in records
        if record.config["seeds"] == most
        for name, task in record.result["tasks"].items()
        if len(task["objectives"]) == 1 and "archflow" in task["cells"] and len(task["cells"]) > 1
    }
    columns = {name: task["cells"] for name, task in tasks.items() if QUERIES in task["cells"]["archflow"]["queries"]}
    methods = [m for m in next(iter(columns.values()), {}) if all(m in cells for cells in columns.values())]
    if len(methods) < 2:
        return ""
    rows = [[f"`{method}`", *(_after(cells[method]) for cells in columns.values())] for method in methods]
    heads = [f"{name}{' *' if tasks[name]['chosen_on'] else ''}" for name in columns]
    return (
        f"Search with {QUERIES} queries of a table: the reported metric of the best architecture by the metric that is "
        f"searched by, mean over {most} seeds. Settings of `archflow` were chosen on the tables with *.\n\n"
        + markdown_table(["method", *heads], rows)
    )


def _after(cell: dict) -> str:
    value = cell["report"]["mean"][cell["queries"].index(QUERIES)]
    return f"{value:.{int(np.clip(4 - np.ceil(np.log10(max(abs(value), 1e-3))), 2, 4))}f}"
