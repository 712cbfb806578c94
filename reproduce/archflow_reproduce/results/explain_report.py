"""The result of `archflow bench explain` for readers: a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table

COLUMNS = {
    "within": "Spearman within a cell",
    "within_tau": "Kendall tau within a cell",
    "pooled": "Spearman over all cells",
    "best": "effect of the best change",
    "one_std": "within one deviation",
    "two_std": "within two",
}


def explain_report(result: Mapping[str, Any]) -> str:
    """One row per method, and the effects of the best possible and of a random change."""
    methods = result["methods"]
    rows = [[name, *(_cell(runs, measure) for measure in COLUMNS)] for name, runs in methods.items()]
    first = next(iter(methods.values()))
    limits = (
        f"The best change of a cell has an effect of {_cell(first, 'possible')}, a random one of {_cell(first, 'any')}."
    )
    return markdown_table(["method", *COLUMNS.values()], rows) + "\n\n" + limits


def _cell(runs: Sequence[Mapping[str, float]], measure: str) -> str:
    if any(measure not in run for run in runs):
        return "–"
    values = [run[measure] for run in runs]
    if measure.endswith("_std"):
        return f"{100 * np.mean(values):.0f} %"
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"
