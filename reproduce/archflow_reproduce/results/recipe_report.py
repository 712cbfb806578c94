"""The recipe's result for readers: its ingredients side by side, and how far its intervals hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.measures import finite, measure, rounded
from archflow_reproduce.results.columns import runs_told

_SHOWN = ("tau", "p_at_1", "p_at_5", "top10_in_1", "top10_in_5")
_MEANT = {
    "top10_in_1": "top 10 in 1 %",
    "top10_in_5": "top 10 in 5 %",
    "inside_1_std": "within 1 std",
    "std_tau": "tau of std and error",
}
VARIANTS = {
    "labels chosen": "recipe, labels chosen by `choose`",
    "recipe": "recipe: networks and process",
    "evenly blended": "both weighed alike",
    "networks": "networks alone",
    "process": "Gaussian process alone",
    "one network": "one network",
    "process, one encoder": "Gaussian process, one encoder",
    "ridge": "ridge regression on the embeddings",
    "boosted trees": "gradient-boosted trees on embeddings and proxies",
    "process, proxies": "Gaussian process on the proxies, no encoder",
    "fresh network": "one network, not pre-trained",
    "fresh network, whole": "the same on whole architectures",
}

Table = tuple[list[str], list[list[str]]]


def recipe_table(result: Mapping[str, Any]) -> tuple[Table, Table]:
    """Heads and rows of the ablation, a row a variant, and of the recipe's calibration; mean (population standard
    deviation) over the runs."""
    variants = result["variants"]
    heads = ["variant", "runs", *(_name(key) for key in _SHOWN)]
    rows = [
        [
            told,
            runs_told(len(variants[v]["tau"]), result["config"]),
            *(entry(variants[v].get(key, [])) for key in _SHOWN),
        ]
        for v, told in VARIANTS.items()
        if v in variants
    ]
    told = {key: values for key, values in variants["recipe"].items() if key.startswith(("inside_", "std_"))}
    return (heads, rows), (["asked for", "measured"], [[_name(key), entry(values)] for key, values in told.items()])


def _name(key: str) -> str:
    known = measure(key)
    if known is not None:
        return known.name
    return _MEANT.get(key, f"{key.removeprefix('inside_')} % interval")


def entry(values: Any) -> str:
    """The mean and population standard deviation over runs."""
    runs = finite(values)
    return rounded(float(runs.mean()), float(runs.std())) if len(runs) else rounded(None)
