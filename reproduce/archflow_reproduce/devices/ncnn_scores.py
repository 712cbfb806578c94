"""Errors of predicted latencies on a device: rank correlation and MAPE, with and without a few measurements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archflow.predict.metrics import mape, spearman

Floats = NDArray[np.float64]

CALIBRATED = (1, 3, 10)
DRAWS = 20


def scores(predicted: Floats, measured: Floats) -> dict[str, float]:
    """Score the predictions of one run.

    Args:
        predicted, measured: (G,) log milliseconds; NaN in `measured` where not measured.

    Returns:
        `spearman` and `mape`; also `mape_1`, `mape_3` and `mape_10` after calibration by the median ratio of that many
        measured networks, judged on the others: means over random draws.
    """
    there = np.flatnonzero(np.isfinite(measured))
    p, y = predicted[there], measured[there]
    found = {"spearman": spearman(p, y), "mape": mape(np.exp(p), np.exp(y))}
    generator = np.random.default_rng(0)
    drawn = (y - p)[np.stack([generator.permutation(len(there)) for _ in range(DRAWS)])]  # (draws, networks)
    for count in CALIBRATED:
        factor = np.median(drawn[:, :count], 1, keepdims=True)
        found[f"mape_{count}"] = float(np.abs(np.exp(factor - drawn[:, count:]) - 1).mean())
    return found


def by_device(predicted: Floats, measured: Floats, devices: NDArray[np.str_]) -> dict[str, dict[str, float]]:
    """The median score over the runs of each device; (R, G) arguments as in `scores`."""
    each = [scores(p, y) for p, y in zip(predicted, measured, strict=True)]
    return {
        device: {
            name: float(np.median([each[run][name] for run in np.flatnonzero(devices == device)])) for name in each[0]
        }
        for device in np.unique(devices).tolist()
    }


def medians(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The median of every score over devices."""
    names = next(iter(found.values()))
    return {name: float(np.median([each[name] for each in found.values()])) for name in names}
