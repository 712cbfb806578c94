"""Columns that are known before anything is trained or timed, recognised by their names."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from archflow.errors import ArchflowError
from archflow.features.category import numbers
from archflow.graph.table import Table

COUNTED = frozenset(
    (
        *("gflops", "mflops", "gmacs", "mmacs"),
        *("params", "param", "parameters", "para", "paras", "flops", "flop", "macs", "mac", "madds", "mults", "ops"),
        *(
            "size",
            "sizes",
            "resolution",
            "depth",
            "width",
            "layers",
            "blocks",
            "channels",
            "filters",
            "kernel",
            "heads",
        ),
        *("stages", "stride", "expansion", "ratio", "dim", "dims", "hidden", "embedding", "nodes", "edges", "groups"),
    )
)
"""Words in the names of columns that follow from the architecture."""

PROXIES = frozenset(
    (
        *("synflow", "jacov", "nwot", "naswot", "snip", "grasp", "fisher", "zen", "zico", "meco", "epenas", "logdet"),
        *("zennas", "logsynflow", "ntk"),
    )
)
"""Words in the names of zero-cost proxies."""

MEASURED = frozenset(
    (
        *("acc", "accs", "accuracy", "accuracies", "loss", "losses", "error", "err", "perf", "performance", "score"),
        *("top1", "top5", "top", "iou", "miou", "map", "ap", "auc", "f1", "bleu", "ppl", "perplexity", "bpc", "psnr"),
        *("ssim", "mse", "rmse", "mae", "mape", "nll", "regret", "fid", "wer", "entropy", "precision", "recall"),
        *("train", "training", "trained", "val", "valid", "validation", "test", "eval", "epoch", "epochs", "seed"),
        *(
            "latency",
            "delay",
            "time",
            "times",
            "runtime",
            "second",
            "seconds",
            "sec",
            "secs",
            "ms",
            "us",
            "ns",
            "cycles",
        ),
        *("energy", "joule", "joules", "power", "watt", "watts", "edp", "throughput", "fps", "memory", "kwh", "co2"),
        *("predicted", "prediction", "pred", "rank", "ranking", "ranked", "measured", "best", "final", "std", "mean"),
        *(
            "lat",
            "speed",
            "timing",
            "duration",
            "clock",
            "hour",
            "cost",
            "mem",
            "ram",
            "qps",
            "ips",
            "per",
            "utilization",
        ),
        *("achieved", "success", "hit", "winrate", "dice", "auroc", "kendall", "spearman", "reward", "fitness", "goal"),
        *("objective", "target", "label", "result", "metric", "absrel", "rel", "odsf", "peak"),
        *("id", "ids", "index", "idx", "hash", "uid", "run", "rep", "status", "link", "name", "date"),
    )
)
"""Words in the names of columns that are measured after training or on a device, predicted, or mere row identifiers.
One of them is enough, whatever else a name says."""

DECISIVE = frozenset(("accuracy", "acc", "loss", "latency", "latencies", "time", "energy"))
"""Words that mark a measured column even if its name begins with `zc_`; other words may belong to a proxy's name."""

FILLED = 0.9
"""Fraction of the rows that must have a value: a proxy may fail for some rows, but a column with values for only a few
was probably measured."""

_PROXY = re.compile(r"(?i)zc_.*|(num_|n_)?params(_[KMG])?|flops(_.*)?|.*_para")
_SPOILED = re.compile(r"(?i)(predicted|rank|measured)_.*")


def is_proxy(name: str) -> bool:
    """Whether a column is a zero-cost proxy by its name: `zc_*`, and counts of parameters and operations."""
    return _PROXY.fullmatch(name) is not None


def is_known(name: str) -> bool:
    """Whether a column is known before training, by the words in its name, such as `params_M` or `numParams`."""
    if name.lower().startswith("zc_"):
        return not _measured(set(name.lower().split("_")) & DECISIVE)
    words = set(map(str.lower, re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*", name)))
    words |= {word.rstrip("0123456789") for word in words} | set(re.split(r"[^a-z]+", name.lower()))
    if _SPOILED.fullmatch(name) or _measured(words):
        return False
    return is_proxy(name) or bool(words & (COUNTED | PROXIES))


def _measured(words: Collection[str]) -> bool:
    """Whether one of the words is in `MEASURED`, also in the plural, or ends like `valacc`."""
    singular = {re.sub(r"ies$", "y", word) for word in words} | {re.sub(r"e?s$", "", word) for word in words}
    singular |= {word.removesuffix("s") for word in words}
    return bool((set(words) | singular) & MEASURED) or any(word.endswith(("acc", "accuracy", "loss")) for word in words)


def known_columns(table: Table, metrics: Collection[str]) -> list[str]:
    """The numeric columns that are known before training and are not constant.

    Args:
        table: The table that holds the columns; at least `FILLED` of a column's rows must have a value.
        metrics: The metrics to predict, which are never features; "-NAME" means column NAME.
    """
    predicted = {name for metric in metrics for name in (metric, metric.removeprefix("-"))}
    found = []
    for name in table.column_names:
        if name in predicted or not is_known(name):
            continue
        try:
            values = numbers(table, name)
        except ArchflowError:
            continue  # text, despite its name
        there = np.isfinite(values)
        if there.mean() >= FILLED and len(np.unique(values[there])) > 1:
            found.append(name)
    return found


def known_as_text(table: Table, metrics: Collection[str]) -> list[str]:
    """The columns whose names say that they are known before training, but that hold text and so are not used."""
    return [name for name in table.column_names if name not in metrics and is_known(name) and _is_text(table, name)]


def _is_text(table: Table, name: str) -> bool:
    try:
        numbers(table, name)
    except ArchflowError:
        return True
    return False
