"""Figures of the papers, with the data, labels and encoder that they were published for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.data.splits import label_count
from archflow.recipes.presets import PRESETS, UNNAMED
from archflow_reproduce.protocol.methods import LEARNED, SURROGATES, WEIGHTS

Published = dict[str, dict[str, float]]
"""{method: {measure: mean over the paper's runs}}"""

PAPER_PROXY = "zc_jacov"
"""The proxy that the paper ranks in pre-training: the Jacobian covariance."""

_METRICS = ("cifar10_test_acc", "val_acc_108")

# FGP (NeurIPS 2025), 1 % of the labels: table 1; "flow" and one direction from the ablation (table 7), "learned" from
# table 9, rounds, mean and max, and weights from tables 10, 11 and 14; the Transformer from table 13. What its
# MLP reads is not stated, and no function of operation counts reaches its figures: they are left out.
_FGP: dict[str, dict[str, Published]] = {
    "nasbench201": {
        "gated_gcn": {
            "supervised": {"tau": 0.734, "p_at_1": 0.297, "p_at_5": 0.517},
            "proxy": {"tau": 0.799, "p_at_1": 0.443, "p_at_5": 0.615},
            "flow": {"tau": 0.745, "p_at_1": 0.365},
            "fgp": {"tau": 0.822, "p_at_1": 0.489, "p_at_5": 0.623},
            "arch2vec": {"tau": 0.741, "p_at_1": 0.283, "p_at_5": 0.525},
            "gmae": {"tau": 0.748, "p_at_1": 0.351, "p_at_5": 0.578},
            "graphcl": {"tau": 0.737, "p_at_1": 0.316, "p_at_5": 0.523},
            "learned": {"tau": 0.747, "p_at_1": 0.403, "p_at_5": 0.601},
            "fgp_forward": {"tau": 0.814, "p_at_1": 0.433},
            "fgp_backward": {"tau": 0.814, "p_at_1": 0.446},
            "fgp_2_rounds": {"tau": 0.806, "p_at_1": 0.460, "p_at_5": 0.620},
            "fgp_3_rounds": {"tau": 0.816, "p_at_1": 0.473, "p_at_5": 0.625},
            "fgp_mean": {"tau": 0.817},
            "fgp_max": {"tau": 0.815},
            "fgp_1_to_2": {"tau": 0.823},
            "fgp_2_to_1": {"tau": 0.817},
        },
        "gin": {
            "supervised": {"tau": 0.657, "p_at_1": 0.250, "p_at_5": 0.476},
            "proxy": {"tau": 0.753, "p_at_1": 0.290, "p_at_5": 0.504},
            "fgp": {"tau": 0.792, "p_at_1": 0.356, "p_at_5": 0.541},
            "arch2vec": {"tau": 0.680, "p_at_1": 0.186, "p_at_5": 0.456},
            "gmae": {"tau": 0.706, "p_at_1": 0.278, "p_at_5": 0.497},
            "graphcl": {"tau": 0.669, "p_at_1": 0.189, "p_at_5": 0.450},
        },
        "flowerformer": {
            "supervised": {"tau": 0.773, "p_at_1": 0.356, "p_at_5": 0.562},
            "proxy": {"tau": 0.823, "p_at_1": 0.450, "p_at_5": 0.608},
            "fgp": {"tau": 0.836, "p_at_1": 0.483, "p_at_5": 0.650},
            "arch2vec": {"tau": 0.778, "p_at_1": 0.333, "p_at_5": 0.575},
            "gmae": {"tau": 0.787, "p_at_1": 0.364, "p_at_5": 0.587},
            "graphcl": {"tau": 0.770, "p_at_1": 0.341, "p_at_5": 0.557},
        },
        "transformer": {"supervised": {"tau": 0.632}, "proxy": {"tau": 0.692}, "fgp": {"tau": 0.743}},
    },
    "nasbench101": {
        "gated_gcn": {
            "supervised": {"tau": 0.650, "p_at_1": 0.182, "p_at_5": 0.462},
            "proxy": {"tau": 0.683, "p_at_1": 0.262, "p_at_5": 0.521},
            "flow": {"tau": 0.715, "p_at_1": 0.356},
            "fgp": {"tau": 0.748, "p_at_1": 0.375, "p_at_5": 0.617},
            "arch2vec": {"tau": 0.658, "p_at_1": 0.218, "p_at_5": 0.449},
            "gmae": {"tau": 0.681, "p_at_1": 0.218, "p_at_5": 0.499},
            "graphcl": {"tau": 0.669, "p_at_1": 0.213, "p_at_5": 0.465},
            "learned": {"tau": 0.722, "p_at_1": 0.292, "p_at_5": 0.544},
            "fgp_forward": {"tau": 0.724, "p_at_1": 0.310},
            "fgp_backward": {"tau": 0.735, "p_at_1": 0.363},
            "fgp_2_rounds": {"tau": 0.717, "p_at_1": 0.367, "p_at_5": 0.588},
            "fgp_3_rounds": {"tau": 0.707, "p_at_1": 0.340, "p_at_5": 0.582},
            "fgp_mean": {"tau": 0.716},
            "fgp_max": {"tau": 0.711},
            "fgp_1_to_2": {"tau": 0.748},
            "fgp_2_to_1": {"tau": 0.743},
        },
        "gin": {
            "supervised": {"tau": 0.628, "p_at_1": 0.269, "p_at_5": 0.481},
            "proxy": {"tau": 0.652, "p_at_1": 0.227, "p_at_5": 0.499},
            "fgp": {"tau": 0.678, "p_at_1": 0.332, "p_at_5": 0.558},
            "arch2vec": {"tau": 0.637, "p_at_1": 0.300, "p_at_5": 0.494},
            "gmae": {"tau": 0.664, "p_at_1": 0.310, "p_at_5": 0.529},
            "graphcl": {"tau": 0.649, "p_at_1": 0.323, "p_at_5": 0.502},
        },
        "flowerformer": {
            "supervised": {"tau": 0.740, "p_at_1": 0.353, "p_at_5": 0.564},
            "proxy": {"tau": 0.746, "p_at_1": 0.378, "p_at_5": 0.581},
            "fgp": {"tau": 0.763, "p_at_1": 0.406, "p_at_5": 0.589},
            "arch2vec": {"tau": 0.760, "p_at_1": 0.384, "p_at_5": 0.598},
            "gmae": {"tau": 0.743, "p_at_1": 0.336, "p_at_5": 0.562},
            "graphcl": {"tau": 0.694, "p_at_1": 0.353, "p_at_5": 0.575},
        },
        "transformer": {"supervised": {"tau": 0.627}, "proxy": {"tau": 0.641}, "fgp": {"tau": 0.697}},
    },
}

# The gated GCN with more labels, by their fraction: FGP, table 3.
_GATED_GCN_BY_SHARE: dict[str, dict[float, Published]] = {
    "nasbench201": {
        0.05: {
            "supervised": {"tau": 0.846, "p_at_1": 0.543, "p_at_5": 0.694},
            "proxy": {"tau": 0.877, "p_at_1": 0.564, "p_at_5": 0.722},
            "fgp": {"tau": 0.880, "p_at_1": 0.597, "p_at_5": 0.736},
            "arch2vec": {"tau": 0.853, "p_at_1": 0.567, "p_at_5": 0.702},
            "gmae": {"tau": 0.870, "p_at_1": 0.590, "p_at_5": 0.736},
            "graphcl": {"tau": 0.854, "p_at_1": 0.570, "p_at_5": 0.698},
        },
        0.1: {
            "supervised": {"tau": 0.883, "p_at_1": 0.579, "p_at_5": 0.740},
            "proxy": {"tau": 0.897, "p_at_1": 0.582, "p_at_5": 0.745},
            "fgp": {"tau": 0.899, "p_at_1": 0.584, "p_at_5": 0.760},
            "arch2vec": {"tau": 0.888, "p_at_1": 0.570, "p_at_5": 0.739},
            "gmae": {"tau": 0.899, "p_at_1": 0.613, "p_at_5": 0.754},
            "graphcl": {"tau": 0.889, "p_at_1": 0.586, "p_at_5": 0.733},
        },
    },
    "nasbench101": {
        0.05: {
            "supervised": {"tau": 0.758, "p_at_1": 0.429, "p_at_5": 0.645},
            "proxy": {"tau": 0.780, "p_at_1": 0.427, "p_at_5": 0.673},
            "fgp": {"tau": 0.794, "p_at_1": 0.458, "p_at_5": 0.668},
            "arch2vec": {"tau": 0.769, "p_at_1": 0.420, "p_at_5": 0.651},
            "gmae": {"tau": 0.762, "p_at_1": 0.417, "p_at_5": 0.625},
            "graphcl": {"tau": 0.760, "p_at_1": 0.428, "p_at_5": 0.634},
        },
        0.1: {
            "supervised": {"tau": 0.773, "p_at_1": 0.432, "p_at_5": 0.658},
            "proxy": {"tau": 0.790, "p_at_1": 0.440, "p_at_5": 0.672},
            "fgp": {"tau": 0.799, "p_at_1": 0.458, "p_at_5": 0.678},
            "arch2vec": {"tau": 0.783, "p_at_1": 0.432, "p_at_5": 0.665},
            "gmae": {"tau": 0.781, "p_at_1": 0.455, "p_at_5": 0.676},
            "graphcl": {"tau": 0.773, "p_at_1": 0.427, "p_at_5": 0.663},
        },
    },
}

# Kendall tau on all architectures, labelled ones included, by number of labels: PINAT's table 1 (AAAI 2023); for
# NAR-Former V2 and NN-Former only the figures that other papers repeat.
_ALL: dict[str, dict[str, dict[int, float]]] = {
    "nasbench201": {
        "arch2vec": {78: 0.542, 156: 0.573, 469: 0.601, 781: 0.606, 1563: 0.605},
        "pinat": {78: 0.549, 156: 0.631, 469: 0.706, 781: 0.761, 1563: 0.784},
        "nar_former_v2": {156: 0.752, 1563: 0.888},
        "nn_former": {156: 0.804, 1563: 0.890},
    },
}


_RANKING = ("proxy", "fgp", LEARNED, *SURROGATES, *WEIGHTS)
"""Methods whose figures depend on the choice of proxy."""


def proxies_of(config: Mapping[str, Any]) -> list[str]:
    """The proxies that the methods of a result rank."""
    tasks = list(config["tasks"].values())
    parts = [part for task in tasks for part in task.values() if isinstance(part, Mapping)]  # a sum of tasks
    return list(dict.fromkeys(proxy for settings in (*tasks, *parts) for proxy in settings.get("proxies", ())))


def published_epochs(config: Mapping[str, Any]) -> tuple[int, int]:
    """Epochs of pre-training and of fine-tuning as published for the data and encoder of a result."""
    published = PRESETS.get(config["data"], UNNAMED).published(config["encoder"])
    return published.pretrain.epochs, published.fine_tune.epochs


def published_figures(result: Mapping[str, Any]) -> Published:
    """The papers' figures that are comparable with a result of `run_protocol`.

    The data, encoder, metric, split, labels and pre-training data must be the same and, for methods that rank a proxy,
    the proxy must be the paper's. Empty if there are none.
    """
    config, splits = result["config"], result["splits"]
    if result["metric"] not in _METRICS:
        return {}
    if splits["by"] == "all":
        tau = _ALL.get(result["data"], {}).get(config["encoder"], {}).get(result["labels"])
        return {"supervised": {"tau": tau}} if tau and "supervised" in result["methods"] else {}
    if splits["by"] != "random":
        return {}
    by_share = {0.01: _FGP.get(result["data"], {}).get(config["encoder"], {})}
    if config["encoder"] == "gated_gcn":
        by_share |= _GATED_GCN_BY_SHARE.get(result["data"], {})
    counts = {label_count(share, splits["train"]): published for share, published in by_share.items()}
    published = counts.get(result["labels"], {})
    same_proxy = proxies_of(config) == [PAPER_PROXY]
    comparable = [m for m in result["methods"] if m in published and (same_proxy or m not in _RANKING)]
    if config.get("pretrain_on"):
        comparable = [m for m in comparable if m == "supervised"]
    return {method: published[method] for method in comparable}
