"""The direction of a metric, as suggested by its name."""

from __future__ import annotations

import re

LOWER = frozenset(
    (
        *("loss", "error", "err", "mse", "rmse", "rmae", "mae", "mape", "nll", "entropy", "ppl", "perplexity", "bpc"),
        *("latency", "delay", "time", "runtime", "seconds", "sec", "ms", "us", "ns", "cycles", "fid", "wer", "regret"),
        *("energy", "joule", "joules", "mj", "power", "watt", "watts", "edp", "cost", "area"),
        *("params", "parameters", "param", "flops", "flop", "macs", "mac", "madds", "memory", "size", "bytes"),
        *("kb", "mb", "gb"),
    )
)
"""Words in the names of metrics whose low values are usually good."""


def usually_lower(metric: str) -> bool:
    """Whether a name such as `test_loss`, `latency_ms` or `numParams` has one of the words in `LOWER`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", metric)
    return not LOWER.isdisjoint({*map(str.lower, words), *re.split(r"[^a-z]+", metric.lower())})
