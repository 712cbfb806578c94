"""The result of `archflow bench choices` as Markdown tables of blending rules and interval coverage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.travel_comparison import signed_rank

COVERAGES = (50, 80, 95)

FIFTHS = 5


def choices_report(result: Mapping[str, Any]) -> str:
    """All tables of a result."""
    parts = []
    for budget in result["config"]["budgets"]:
        cells = {name: table["cells"][budget] for name, table in result["tables"].items()}
        if not cells:
            continue
        parts += [f"**{_labels(budget)}**"]
        if result["rows"] == "development":
            parts += [
                "Kendall tau of the blend by every rule, mean over draws and tables; its difference from today's "
                "rule, with the p-value of a two-sided signed-rank test over tables; and the table on which it loses "
                "most.",
                _rules(cells),
            ]
        parts += ["Percentage of labels inside the intervals, mean over draws.", _coverage(cells)]
    parts += [f"- {name}: left out: {reason}" for name, reason in result["skipped"].items()]
    return "\n\n".join(parts)


def _labels(budget: str) -> str:
    return f"{budget} of the measured rows" if budget.endswith("%") else f"{budget} labels"


def _rules(cells: Mapping[str, Any]) -> str:
    names = list(next(iter(cells.values()))["rules"])
    means = {name: np.array([np.mean(cell["rules"][name]) for cell in cells.values()]) for name in names}
    best = np.array([max(map(np.mean, cell["components"].values())) for cell in cells.values()])
    rows = []
    for name in sorted(names, key=lambda each: -means[each].mean()):
        gap = means[name] - means["today"]
        worst = int(gap.argmin())
        against = ["", "", ""]
        if name != "today":
            p = signed_rank(gap)
            against = [f"{gap.mean():+.4f}", "" if p is None else f"{p:.2f}", f"{list(cells)[worst]} {gap[worst]:+.3f}"]
        rows.append([name, f"{means[name].mean():.4f}", *against])
    gap = best - means["today"]
    rows.append(
        ["best component of each table, chosen by test labels", f"{best.mean():.4f}", f"{gap.mean():+.4f}", "", ""]
    )
    return markdown_table(["rule", "tau", "against today's", "p", "worst table"], rows)


def _coverage(cells: Mapping[str, Any]) -> str:
    heads = [
        "table",
        *(f"{each} %" for each in COVERAGES),
        "80 % by fifths of the deviation",
        "deviation and error, tau",
    ]
    rows = []
    for name, cell in cells.items():
        measures = cell["measures"]
        inside = [100 * np.mean(measures.get(f"inside_{each}", [np.nan])) for each in COVERAGES]
        fifths = [100 * np.mean(measures.get(f"inside_80_fifth_{each}", [np.nan])) for each in range(1, FIFTHS + 1)]
        tau = np.mean(measures.get("std_tau", [np.nan]))
        rows.append(
            [name, *(f"{each:.0f}" for each in inside), " ".join(f"{each:.0f}" for each in fifths), f"{tau:.2f}"]
        )
    all_inside = [
        np.nanmean([100 * np.mean(cell["measures"].get(f"inside_{each}", [np.nan])) for cell in cells.values()])
        for each in COVERAGES
    ]
    taus = [np.mean(cell["measures"].get("std_tau", [np.nan])) for cell in cells.values()]
    rows.append(["mean", *(f"{each:.1f}" for each in all_inside), "", f"{np.nanmean(taus):.3f}"])
    return markdown_table(heads, rows)
