"""The headlines of the README: archflow's default predictor and search beside what a user would take instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.travel_comparison import Comparison

QUERIES = 100
"""The number of queries of the headline of searches."""


def travel_headline(records: Sequence[Record]) -> str:
    """For each number of labels, mean Kendall tau of the default and of the baselines that apply to all tables."""
    parts = []
    for record in records:
        if record.result["rows"] != "reported":
            continue
        for budget in record.config["budgets"]:
            tau = Comparison.of(record.content, budget)
            if tau.leader is not None and tau.complete[tau.leader]:
                parts.append(_travel_table(tau, record, budget))
    return "\n\n".join(parts)


def _travel_table(tau: Comparison, record: Record, budget: str) -> str:
    leader = tau.leader
    assert leader is not None, "asked before"
    baselines = [row for row in tau.others(baselines=True) if tau.complete[row]]
    means, cells = tau.mean(), tau.mean("cell")
    rows = []
    for row in [leader, *sorted(baselines, key=lambda row: -means[row])]:
        behind = int((tau.difference(leader, row) > 0).sum())
        beaten = "" if row == leader else f"{behind} of {len(tau.tables)}"
        name = "archflow" if row == leader else f"`{tau.methods[row]}`"
        rows.append([name, f"{means[row]:.3f}", f"{cells[row]:.3f}", beaten])
    labels = f"{budget.removesuffix('%')} % of the rows as labels" if budget.endswith("%") else f"{budget} labels"
    runs = record.config["runs"]
    return (
        f"Kendall tau from {labels}, mean over {len(tau.tables)} tables of different search spaces and {runs} "
        f"{'run' if runs == 1 else 'runs'}. Baselines get the same labels; with `/all` they get every feature and "
        "known column that archflow's default reads, with `/graf` GRAF's features.\n\n"
        + markdown_table(["predictor", "all tables", "cell spaces", "archflow is ahead on"], rows)
    )


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
