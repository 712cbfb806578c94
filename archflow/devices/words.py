"""Numbers that a description of a device says: `4 x Cortex-A76 2.4 GHz, 4 threads`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_NUMBER = r"(\d+(?:\.\d+)?)\s*"
_CLOCK = re.compile(rf"{_NUMBER}([GM])Hz\b", re.IGNORECASE)
_BANDWIDTH = re.compile(rf"{_NUMBER}([GT])B/s", re.IGNORECASE)
_PEAK = re.compile(rf"{_NUMBER}([GT])FLOPS?(?:/s)?\b", re.IGNORECASE)
_THREADS = re.compile(r"\b(\d+)[ -]threads?\b", re.IGNORECASE)
_PRECISION = re.compile(r"\b(fp64|fp32|tf32|fp16|bf16|fp8|int8|int4)\b", re.IGNORECASE)
_RUNS_ON = re.compile(r"\b([GC])PU\s*(?=[,;)]|$)")

_CLUSTERS = re.compile(r"\+|&&|[,;]")
_BESIDE = re.compile(r"\bSM\b|Tensor|Radeon|Adreno|Mali|GPU|PowerVR|Graphics")
"""In a part that is said of a graphics unit beside the processor."""
_COUNTS = (
    re.compile(r"(?<![\w.])(\d+)\s*[x×*]\s+(?=\w)"),  # 4 x Cortex-A76
    re.compile(r"(?:(?<=[\s\d)])|(?<=Hz))[x×*]\s*(\d+)(?![\w.-])"),  # 2.4GHz x 4
    re.compile(r"(?<!\d)(\d+)[ -]cores?\b", re.IGNORECASE),  # 57-core
    re.compile(r"\b(dual|quad|six|hexa|octa)[ -]cores?\b", re.IGNORECASE),
)
_SPELT = {"dual": 2, "quad": 4, "six": 6, "hexa": 6, "octa": 8}

_THOUSANDS = {"M": 1e-3, "G": 1.0, "T": 1e3}


def numbers_in(words: str) -> dict[str, float | int | str | bool]:
    """What a sentence says of a device, by the names that `Device` has for it; what it does not say is left out.

    The clock is the highest of several, cores are those of all clusters together: `Cortex-A72 1.8GHz x 2 + Cortex-A53
    1.5GHz x 4` are six of at most 1.8 GHz. `GPU` or `CPU` at the end of a part says what computes; a graphics unit that
    is merely there says nothing.
    """
    readers: Mapping[str, Callable[[str], float | int | str | bool | None]] = {
        "cores": _cores,
        "clock_ghz": lambda text: _greatest(_CLOCK, text),
        "bandwidth_gb_s": lambda text: _greatest(_BANDWIDTH, text),
        "peak_gflops": lambda text: _greatest(_PEAK, text),
        "precision": lambda text: found[1].lower() if (found := _PRECISION.search(text)) else None,
        "gpu": lambda text: found[1] == "G" if (found := _RUNS_ON.search(text)) else None,
        "threads": lambda text: int(found[1]) if (found := _THREADS.search(text)) else None,
    }
    said = {name: read(words) for name, read in readers.items()}
    return {name: value for name, value in said.items() if value is not None}


def _greatest(pattern: re.Pattern[str], words: str) -> float | None:
    values = [float(number) * _THOUSANDS[prefix.upper()] for number, prefix in pattern.findall(words)]
    return max(values, default=None)


def _cores(words: str) -> int | None:
    """Those of all clusters; a cluster with a clock and no number is one core where others have numbers."""
    clusters = [part for part in _CLUSTERS.split(words) if not _BESIDE.search(part)]
    counts = [_count(part) for part in clusters]
    if not any(counts):
        return None
    return sum(count or bool(_CLOCK.search(part)) for part, count in zip(clusters, counts, strict=True))


def _count(cluster: str) -> int:
    found = next(filter(None, (pattern.search(cluster) for pattern in _COUNTS)), None)
    return 0 if found is None else _SPELT.get(found[1].lower()) or int(found[1])
