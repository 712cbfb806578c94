"""The result of `archflow bench hierarchical` as a Markdown table of both methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table


def hierarchical_report(result: Mapping[str, Any]) -> str:
    """The table, and an explanation of its columns."""
    methods = result["methods"]
    points = next(iter(methods.values()))["trainings"]
    heads = ["method", *(f"{each} trainings" for each in points), "test accuracy", "mean of the mutants", "CPU minutes"]
    rows = [
        [
            name,
            *(_figure(column) for column in zip(*facts["value"], strict=True)),
            _figure([each[-1] for each in facts["report"]]),
            _figure(facts["mutants"]),
            f"{np.sum(facts['seconds']) / 60:.0f}",
        ]
        for name, facts in methods.items()
    ]
    failures = sum(sum(facts["failures"]) for facts in methods.values())
    return "\n\n".join(
        [
            "Best validation accuracy so far in percent, mean over seeds (lowest to highest); the test accuracy "
            "of the final best architecture; and the mean validation accuracy of all architectures after the "
            "initial ones.",
            markdown_table(heads, rows),
            *([f"{failures} trainings failed."] if failures else []),
        ]
    )


def _figure(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"
