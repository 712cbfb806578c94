"""The result of `archflow bench latency` for readers: a table for every device and number of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table

_HEADS = ("method", "MAPE", "within 5 %", "within 10 %", "Spearman", "Kendall")


def latency_report(result: Mapping[str, Any]) -> str:
    """All tables of a result: one row per method, the lowest error first."""
    parts = []
    for name, table in result["tables"].items():
        for labels, methods in table["cells"].items():
            parts.append(
                f"**{name}, {labels} labels** ({table['rows']} networks with {table['structures']} structures)"
            )
            parts.append(_methods(methods))
    parts += [f"- {name}: left out: {reason}" for name, reason in result["skipped"].items()]
    return "\n\n".join(parts)


def _methods(methods: Mapping[str, Any]) -> str:
    scored = {name: scores for name, scores in methods.items() if not isinstance(scores, str)}
    rows = [
        [
            name,
            *(_around(scores[each], 100, 1, " %") for each in ("mape", "within_5", "within_10")),
            *(_around(scores[each], 1, 3) for each in ("spearman", "kendall")),
        ]
        for name, scores in sorted(scored.items(), key=lambda item: np.mean(item[1]["mape"]))
    ]
    rows += [[name, reason, *[""] * (len(_HEADS) - 2)] for name, reason in methods.items() if isinstance(reason, str)]
    return markdown_table(list(_HEADS), rows)


def _around(values: list[float], factor: float, digits: int, unit: str = "") -> str:
    """Mean and deviation over draws."""
    mean, around = factor * float(np.mean(values)), factor * float(np.std(values))
    return f"{mean:.{digits}f} ± {around:.{digits}f}{unit}"
