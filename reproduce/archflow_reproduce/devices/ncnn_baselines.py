"""Latencies on unseen devices without a network: costs, the typical device, trees, and Gaussian processes."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.latency_baselines import BASELINES, total
from archflow_reproduce.devices.ncnn_runs import Runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def typical(logs: Floats) -> tuple[Floats, Floats]:
    """Fit (R, G) log latencies by sums of a network's effect and a run's level.

    Returns:
        The effects (G,) and the levels (R,), by least squares. A network without measurements gets the mean effect.
    """
    network = np.zeros(logs.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # networks without measurements have no mean
        for _ in range(20):
            level = np.nanmean(logs - network, 1)
            network = np.nanmean(logs - level[:, None], 0)
            network = np.where(np.isnan(network), np.nanmean(network), network)
    return network, level


def costs(runs: Runs, known: Bools) -> dict[str, Floats]:
    """Predict (G,) log milliseconds by every baseline of `archflow.predict.latency_baselines`.

    The baselines are fitted to the typical device of the known runs.
    """
    network, level = typical(runs.logs[known])
    latency = np.exp(network + level.mean())
    found = {}
    for name, baseline in BASELINES.items():
        try:
            found[name] = np.log(baseline().fit(runs.table, latency).predict(runs.table))
        except ArchflowError:  # nodes without the attributes it needs
            continue
    return found


def trees(runs: Runs, known: Bools) -> Floats:
    """Predict (R, G) log milliseconds: the typical device's, plus deviations by gradient-boosted trees.

    The features are the totals of the network and the numbers and settings of the device.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    network, level = typical(runs.logs[known])
    totals = np.stack([total(runs.table, name) for name in ("nodes", "macs", "params", "bytes")], 1)
    small = np.array([[name.endswith("int8")] for name in runs.names])
    of_network = np.concatenate([np.log1p(totals), small, network[:, None]], 1)
    of_run = np.concatenate([runs.numbers, runs.settings], 1)
    count, networks = runs.logs.shape
    x = np.concatenate([np.repeat(of_run, networks, 0), np.tile(of_network, (count, 1))], 1)
    base = np.tile(network + level.mean(), count)
    y = runs.logs.ravel()
    seen = np.repeat(known, networks) & np.isfinite(y)
    model = HistGradientBoostingRegressor(max_iter=150, random_state=0).fit(x[seen], (y - base)[seen])
    return (base + model.predict(x)).reshape(count, networks)


def process(runs: Runs, known: Bools, described: Floats) -> Floats:
    """Predict (R, G) log milliseconds by Gaussian processes over descriptions of devices (R, D).

    There is one process for each network's deviation from the typical device and one for the level. They share the
    length scale and the noise, which maximise their joint likelihood.
    """
    network, level = typical(runs.logs[known])
    left = runs.logs[known] - network - level[:, None]
    squares = np.square(described[:, None] - described[None]).sum(2)
    usual = np.median(squares[squares > 0]) if (squares > 0).any() else 1.0
    near = np.where(np.isfinite(left), left, 0.0)  # a network missing from a run gets the typical latency
    best: tuple[float, Floats, Floats] | None = None
    for scale in (0.1, 0.3, 1.0, 3.0):
        for noise in (0.03, 0.1, 0.3, 1.0):
            covariance = np.exp(-squares / (scale * usual))
            within = covariance[np.ix_(known, known)] + noise * np.eye(len(level))
            factor = np.linalg.cholesky(within)
            half = np.linalg.solve(factor, near)
            variance = np.square(half).mean(0).mean() + 1e-12
            loss = len(level) * np.log(variance) / 2 + np.log(np.diag(factor)).sum()
            if best is None or loss < best[0]:
                best = (loss, covariance[:, known], within)
    assert best is not None
    _, across, within = best
    deviation = across @ np.linalg.solve(within, near)
    speed = level.mean() + across @ np.linalg.solve(within, level - level.mean())
    return network + deviation + speed[:, None]
