"""The result of `archflow bench across` for readers: a table for every source, a column for every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table


def across_report(result: Mapping[str, Any]) -> str:
    """Spearman's rank correlation with no measured cell of the target and with a few."""
    few, parts = result["config"]["few"], []
    for source, targets in result["cells"].items():
        heads = ["method", *(f"{target}, {count}" for target in targets for count in (0, few))]
        methods = dict.fromkeys(method for cells in targets.values() for method in cells)
        rows = [
            [method, *(_around(cells.get(method, {}).get(name)) for cells in targets.values() for name in SETTINGS)]
            for method in methods
        ]
        published = result["published"][source]
        for name in dict.fromkeys(name for figures in published.values() for name in figures):
            told = (published.get(target, {}).get(name) for target in targets)
            rows.append(
                [f"{name} (published)", *(cell for one in told for cell in ("" if one is None else f"{one:.3f}", ""))]
            )
        parts += [f"**From {source}, {result['config']['labels']:,} labels**", markdown_table(heads, rows)]
    return "\n\n".join(parts)


SETTINGS = ("zero_shot", "few_shot")


def _around(values: list[float] | None) -> str:
    return "" if values is None else f"{np.mean(values):.3f} ± {np.std(values):.3f}"
