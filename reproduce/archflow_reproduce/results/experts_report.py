"""The result of `archflow bench experts` as one Markdown table per number of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table


def experts_report(result: Mapping[str, Any]) -> str:
    """All tables of a result: one row per method, one column per table."""
    parts = []
    tables = result["tables"]
    for known in next(iter(tables.values()))["cells"] if tables else ():
        for budget in result["config"]["budgets"]:
            parts += [f"**{budget} labels, sources known for {known}**", _methods(tables, known, budget)]
    parts += [f"- {name}: {table['metric']} from {', '.join(table['sources'])}." for name, table in tables.items()]
    parts += [f"- {name}: left out: {reason}" for name, reason in result["skipped"].items()]
    return "\n\n".join(parts)


def _methods(tables: Mapping[str, Any], known: str, budget: str) -> str:
    cells = {name: table["cells"][known][budget] for name, table in tables.items()}
    methods = list(next(iter(cells.values())))
    means = {method: [float(np.mean(cell[method])) for cell in cells.values()] for method in methods}
    spread = {method: [float(np.std(cell[method])) for cell in cells.values()] for method in methods}
    rows = [
        [
            method,
            *(f"{mean:.3f} ± {around:.3f}" for mean, around in zip(means[method], spread[method], strict=True)),
            f"{np.mean(means[method]):.3f}",
        ]
        for method in sorted(methods, key=lambda each: -np.mean(means[each]))
    ]
    return markdown_table(["method", *cells, "mean"], rows)
