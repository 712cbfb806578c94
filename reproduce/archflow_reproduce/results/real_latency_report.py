"""The result of `archflow bench real-latency` for readers: a Markdown table for every latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table

TITLES = {
    "mape": "mean error",
    "within_5": "within 5 %",
    "within_10": "within 10 %",
    "spearman": "Spearman",
    "kendall": "Kendall",
}


def real_latency_report(result: Mapping[str, Any]) -> str:
    """A row for each method, sorted by its error; mean and deviation over draws."""
    parts = []
    for name, table in result["tables"].items():
        for column, methods in table["columns"].items():
            parts += [f"**{name}, {column}** ({table['rows']} rows, {table['structures']} groups)", _methods(methods)]
    return "\n\n".join(parts)


def _methods(methods: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    error = {method: float(np.mean([run["mape"] for run in runs])) for method, runs in methods.items()}
    rows = [[method, *_cells(methods[method])] for method in sorted(methods, key=lambda each: error[each])]
    return markdown_table(["method", *TITLES.values(), "runs"], rows)


def _cells(runs: Sequence[Mapping[str, float]]) -> list[str]:
    cells = []
    for measure in TITLES:
        values = [run[measure] for run in runs]
        mean, around = float(np.mean(values)), float(np.std(values))
        percent = measure not in ("spearman", "kendall")
        cells.append(f"{mean:.1%} ± {around:.1%}" if percent else f"{mean:.3f} ± {around:.3f}")
    return [*cells, str(len(runs))]
