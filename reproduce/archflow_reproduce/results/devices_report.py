"""The result of `archflow bench devices` for readers: medians over devices, by method and protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archflow.report.markdown import markdown_table
from archflow_reproduce.devices.ncnn_scores import medians

HEADS = {"spearman": "Spearman", "mape": "MAPE", "mape_1": "after 1", "mape_3": "after 3", "mape_10": "after 10"}

PROTOCOLS = {
    "device": "One sixth of the devices left out at a time",
    "family": "One family left out at a time",
}

SHOWN_BY_FAMILY = (
    *("flops", "operation sum", "typical device", "trees on numbers", "process, text", "process, sheet"),
    *("LeDG-Former", "LeDG-Former and process", "devices by data sheet", "devices by data sheet and process"),
)
"""Methods whose correlations are shown family by family, if they were run."""


def devices_report(result: Mapping[str, Any]) -> str:
    """A table for each protocol, and Spearman by family."""
    parts = []
    for protocol, found in result["scores"].items():
        title = PROTOCOLS[protocol]
        parts += [f"**{title}**", _table(found)]
        if protocol == "family":
            parts += ["**Spearman by family left out**", _by_family(found, result["families"])]
    return "\n\n".join(parts)


def summary(scores: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Medians over devices by method; of several seeds, the mean."""
    by_method: dict[str, list[dict[str, float]]] = {}
    for name, devices in scores.items():
        by_method.setdefault(name.partition(" | ")[0], []).append(medians(devices))
    return {
        name: {score: float(np.mean([of[score] for of in each])) for score in HEADS} for name, each in by_method.items()
    }


def _table(scores: Mapping[str, Any]) -> str:
    rows = [
        [name, f"{of['spearman']:.3f}", *(f"{of[score]:.1%}" for score in HEADS if score != "spearman")]
        for name, of in sorted(summary(scores).items(), key=lambda each: -each[1]["spearman"])
    ]
    return markdown_table(["method", *HEADS.values()], rows)


def _by_family(scores: Mapping[str, Any], families: Mapping[str, str]) -> str:
    names = sorted(set(families.values()))
    rows = []
    for method in SHOWN_BY_FAMILY:
        seeds = [devices for name, devices in scores.items() if name.partition(" | ")[0] == method]
        if seeds:
            rows.append([method, *(f"{np.mean([_median(of, families, name) for of in seeds]):.3f}" for name in names)])
    return markdown_table(["method", *names], rows)


def _median(scores: Mapping[str, Any], families: Mapping[str, str], name: str) -> float:
    """The median of Spearman's correlation over the devices of a family."""
    return float(np.median([of["spearman"] for device, of in scores.items() if families[device] == name]))
