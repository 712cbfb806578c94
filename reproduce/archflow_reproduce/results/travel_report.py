"""The result of `archflow bench travel` as Markdown tables by budget, and conclusions from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.results.travel_comparison import Comparison, signed_rank

COVERAGES = (50, 80, 95)

CLOSE = 0.01
"""Largest deficit in Kendall tau at which the leader counts as equal to the best other method."""


def travel_report(result: Mapping[str, Any]) -> str:
    """All tables of a result, of every budget."""
    parts: list[str] = []
    for budget in result["config"]["budgets"]:
        parts += [f"**{_budget(budget, result)}**", *travel_tables(result, budget)]
    parts += [f"- {name}: left out: {reason}" for name, reason in result["skipped"].items()]
    return "\n\n".join(part for part in parts if part)


def travel_tables(result: Mapping[str, Any], budget: str) -> list[str]:
    """Paragraphs about one budget."""
    tau = Comparison.of(result, budget)
    if not tau.methods:
        return ["Nothing is measured yet."]
    return [
        "Kendall tau, mean over runs:",
        tau_table(tau),
        *(_against_others(tau) if tau.leader is not None else []),
        *_at_the_top(Comparison.of(result, budget, "p_at_1"), Comparison.of(result, budget, "regret_at_10")),
        *_intervals(result, budget),
        *_weights(result, budget),
    ]


def tau_table(tau: Comparison) -> str:
    """One row per method, the best mean rank first; one column per table, and the means."""
    heads = ["method", "rank", "mean", "cells", *tau.tables]
    means, cells = tau.mean(), tau.mean("cell")
    rows = [
        [
            f"`{tau.methods[row]}`",
            _figure(tau.ranks[row], 1),
            _share(means[row]),
            _share(cells[row]),
            *(_share(value) for value in tau.values[row]),
        ]
        for row in _by_rank(tau)
    ]
    return markdown_table(heads, rows)


def _against_others(tau: Comparison) -> list[str]:
    """The leader compared with the best other method of every table, and tests against all others."""
    leader = tau.leader
    assert leader is not None, "asked before"
    rows, gaps = [], []
    for column, table in enumerate(tau.tables):
        best, own = tau.best(column, tau.others()), tau.values[leader, column]
        if best is None or not np.isfinite(own):
            continue
        gaps.append(own - tau.values[best, column])
        within = "yes" if gaps[-1] >= -CLOSE else "no"
        rows.append(
            [table, _share(own), f"`{tau.methods[best]}`", _share(tau.values[best, column]), _gap(gaps[-1]), within]
        )
    if not rows:
        return []
    heads = ["table", tau.methods[leader], "best other", "its tau", "ahead", f"within {CLOSE:g}".replace("0.", ".")]
    close = sum(gap >= -CLOSE for gap in gaps)
    name = tau.methods[leader]
    return [
        f"`{name}` against the best other method of each table: ahead or within .01 of it on {close} of {len(gaps)} "
        f"tables; mean difference {_gap(float(np.mean(gaps)))}, worst {_gap(min(gaps))}." + _ahead_on_cells(tau),
        markdown_table(heads, rows),
        f"`{name}` against each other method over the tables: mean difference, tables on which it is ahead, and the "
        "two-sided p-value of Wilcoxon's signed-rank test, not corrected for the number of methods:",
        tests_table(tau),
    ]


def _ahead_on_cells(tau: Comparison) -> str:
    """The leader's advantage over the best baseline, as mean over cell spaces."""
    cells, baselines = tau.mean("cell"), tau.others(baselines=True)
    known = baselines[np.isfinite(cells[baselines])]
    if tau.leader is None or not np.isfinite(cells[tau.leader]) or not len(known):
        return ""
    best = known[np.argmax(cells[known])]
    ahead = _gap(cells[tau.leader] - cells[best])
    return f" Mean difference from the best baseline over cell spaces, `{tau.methods[best]}`: {ahead}."


def tests_table(tau: Comparison) -> str:
    """One row per method except the leader."""
    assert tau.leader is not None, "asked before"
    rows = []
    for row in _by_rank(tau):
        differences = tau.difference(tau.leader, row)
        if row != tau.leader and len(differences):
            p = signed_rank(differences)
            ahead = f"{(differences > 0).sum()} of {len(differences)}"
            rows.append([f"`{tau.methods[row]}`", _gap(differences.mean()), ahead, "–" if p is None else f"{p:.4f}"])
    return markdown_table(["method", "ahead", "tables", "p"], rows)


def _at_the_top(precision: Comparison, regret: Comparison) -> list[str]:
    """The table of P@1 %, and where the leader is behind the best baseline by more than that one's spread."""
    said = []
    for called, measure in (("P@1 %", precision), ("regret@10", regret)):
        gaps = measure.behind_best_baseline()
        if gaps:
            behind = [f"{table} ({gap:.3g}, spread {spread:.2g})" for table, gap, spread in gaps if gap > spread]
            where = f": {', '.join(behind)}" if behind else ""
            said.append(f"in {called} on {len(behind)} of {len(gaps)} tables{where}")
    against = []
    if said and precision.leader is not None:
        against = [
            f"At the top, `{precision.methods[precision.leader]}` is behind the best baseline of a table by more than "
            f"that baseline's standard deviation over runs {'; '.join(said)}. These results themselves say which "
            "baseline is the best of a table, which favours it."
        ]
    heading = "P@1 % by table, with means over all tables and over cell spaces, and mean ranks:"
    return [heading, top_table(precision, regret), *against]


def top_table(precision: Comparison, regret: Comparison) -> str:
    """One row per method: P@1 % on every table, and the mean ranks of P@1 % and regret@10."""
    heads = ["method", "rank", "regret@10 rank", "mean", "cells", *precision.tables]
    means, cells = precision.mean(), precision.mean("cell")
    regrets = dict(zip(regret.methods, regret.ranks, strict=True))
    rows = [
        [
            f"`{precision.methods[row]}`",
            _figure(precision.ranks[row], 1),
            _figure(regrets.get(precision.methods[row], np.nan), 1),
            _share(means[row]),
            _share(cells[row]),
            *(_share(value) for value in precision.values[row]),
        ]
        for row in _by_rank(precision)
    ]
    return markdown_table(heads, rows)


def _intervals(result: Mapping[str, Any], budget: str) -> list[str]:
    """Coverage of intervals and calibration of deviations, if any method provides them."""
    deviation = Comparison.of(result, budget, "std_tau")
    if not deviation.methods:
        return []
    spearman = Comparison.of(result, budget, "std_spearman")
    inside = {asked: Comparison.of(result, budget, f"inside_{asked}") for asked in COVERAGES}
    rows = []
    for row, method in enumerate(deviation.methods):
        held = [_held(inside[asked], method) for asked in COVERAGES]
        far = _farthest(result, budget, method)
        rank = np.nanmean(spearman.values[spearman.methods.index(method)]) if method in spearman.methods else np.nan
        ranks = (_share(float(np.nanmean(deviation.values[row]))), _share(float(rank)))
        rows.append([f"`{method}`", *(text for each in held for text in each), _figure(100 * far, 0), *ranks])
    columns = [text for asked in COVERAGES for text in (f"{asked} %", "from, to")]
    return [
        "Percentage of labels inside the intervals: mean over tables, and the lowest and the highest table; "
        "*fifths off by*, the largest difference in points between actual and nominal coverage in any fifth "
        "of the predicted deviations on any table; and the rank correlation of deviation and error (Kendall, "
        "Spearman), mean over tables:",
        markdown_table(["method", *columns, "fifths off by", "tau", "Spearman"], rows),
    ]


def _weights(result: Mapping[str, Any], budget: str) -> list[str]:
    """Weights of the components of blends, in %, if any are measured."""
    tables = [table["cells"][str(table["labels"][budget])] for table in result["tables"].values()]
    parts = dict.fromkeys(name for cells in tables for name, cell in cells.items() if "weight" in cell["means"])
    if not parts:
        return []
    rows = [
        [f"`{name}`", *(_weight(cells[name]["means"].get("weight")) if name in cells else "–" for cells in tables)]
        for name in parts
    ]
    return [
        "Weight of every component in its blend, in %, mean over runs:",
        markdown_table(["component", *result["tables"]], rows),
    ]


def _weight(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"


def _held(inside: Comparison, method: str) -> tuple[str, str]:
    if method not in inside.methods:
        return "–", "–"
    values = 100 * inside.values[inside.methods.index(method)]
    values = values[np.isfinite(values)]
    return _figure(values.mean(), 1), f"{values.min():.0f}, {values.max():.0f}"


def _farthest(result: Mapping[str, Any], budget: str, method: str) -> float:
    """The largest deviation of a fifth's mean coverage from the nominal one; NaN without intervals."""
    found = [np.nan]
    for table in result["tables"].values():
        means = table["cells"][str(table["labels"][budget])].get(method, {"means": {}})["means"]
        for name, value in means.items():
            parts = name.split("_")
            if len(parts) == 4 and parts[0] == "inside" and parts[1].isdecimal():
                found.append(abs(value - int(parts[1]) / 100))
    return float(np.nanmax(found)) if len(found) > 1 else np.nan


def _by_rank(comparison: Comparison) -> Sequence[int]:
    """Rows, the best mean rank first; methods without a value on some table last."""
    return np.argsort(np.where(comparison.complete, comparison.ranks, np.inf), kind="stable").tolist()


def _budget(budget: str, result: Mapping[str, Any]) -> str:
    counts = [table["labels"][budget] for table in result["tables"].values()]
    if not budget.endswith("%") or not counts:
        return f"{budget} labels"
    return f"{budget.removesuffix('%')} % of the measured rows, {min(counts)} to {max(counts)} labels"


def _share(value: float) -> str:
    """Three decimals without the leading zero."""
    return "–" if not np.isfinite(value) else f"{value:.3f}".replace("0.", ".", 1)


def _gap(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def _figure(value: float, decimals: int) -> str:
    return "–" if not np.isfinite(value) else f"{value:.{decimals}f}"
