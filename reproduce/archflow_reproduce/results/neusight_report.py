"""The result of `archflow bench neusight` for readers: a table for operations and one for whole models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table


def neusight_report(result: Mapping[str, Any]) -> str:
    """Mean relative error: one row per device, one column per method."""
    parts = []
    methods = result["config"]["methods"]
    for what in ("whole models", "operations"):
        errors = {
            name: [device["scores"][what][method]["mape"] for method in methods]
            for name, device in result["devices"].items()
        }
        rows = [[name.replace("_", " "), *(f"{each:.1%}" for each in values)] for name, values in errors.items()]
        rows.append(["mean", *(f"{each:.1%}" for each in np.mean(list(errors.values()), 0))])
        parts += [f"**Mean error of {what}**", markdown_table(["device left out", *methods], rows)]
    return "\n\n".join(parts)
