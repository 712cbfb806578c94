"""The result of `archflow bench proxies` as tables and facts in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded


def zero_cost_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.studies.zero_cost.run_zero_cost`."""
    speed, equal, network = result["speed"], result["equal"], result["network"]
    agreement = [
        (
            f"`{column}`",
            *(_correlation(facts[measure]) for measure in ("spearman", "kendall")),
            *(str(facts[key]) for key in ("cells", "missing", "missing_there")),
        )
        for column, facts in result["reference"].items()
    ]
    accuracy = [
        (f"`{name}`", _correlation(facts["spearman"]), str(facts["missing"]))
        for name, facts in result["accuracy"].items()
    ]
    pace = [
        (
            f"`{name}`",
            rounded(facts["seconds"]),
            rounded(facts["networks_per_second"]),
            rounded(facts["gflop"]),
            rounded(facts["gflops"]),
            f"{100 * facts['share_of_roof']:.0f} %",
        )
        for name, facts in speed["proxies"].items()
    ]
    shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in speed["time_share"].items())
    return [
        f"{result['cells']} of the 1,104 reference cells of NAS-Bench-201, networks of {network['channels']} channels "
        f"and {network['stages']} stages of {network['cells_per_stage']} cells, a batch of {result['batch']} images of "
        f"32 x 32 pixels ({result['images']}; the reference used CIFAR-10). `zc_` are columns of the table "
        "`nasbench201`. Agreement of archflow's values with the published ones:",
        markdown_table(("proxy", "Spearman", "Kendall tau", "cells", "missing", "missing there"), agreement),
        f"- `params` equal to the reference's: {_yes(equal['params'])}\n"
        "- `flops` equal to the reference's, when its elementwise operations are counted too: "
        f"{_yes(equal['flops_with_elementwise'])}",
        "Spearman correlation of archflow's values with the test accuracy on CIFAR-10:",
        markdown_table(("proxy", "Spearman", "missing"), accuracy),
        f"One network on one core, a batch of {speed['batch']} images of {' x '.join(map(str, speed['image']))}, mean "
        f"of {speed['cells']} cells. GFLOP counts convolutions and matrix products; the roof is the rate of a large "
        f"matrix product, {speed['matmul_gflops']:g} GFLOP/s.",
        markdown_table(("proxy", "s per network", "networks per s", "GFLOP", "GFLOP/s", "fraction of the roof"), pace),
        f"Shares of the time of all proxies together: {shares}.",
    ]


def _correlation(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
