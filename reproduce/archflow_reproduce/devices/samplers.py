"""Samplers of the architectures to measure first on a new device."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from archflow.predict.choose import choose
from archflow_reproduce.devices.few_features import Floats
from archflow_reproduce.devices.few_methods import Known

Sampler = Callable[[Known, NDArray[np.int64], int, int], NDArray[np.int64]]
"""What is known, candidates, count, seed -> rows; nothing is known about the new device."""


def at_random(known: Known, rows: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).choice(rows, count, replace=False)


def by_size(known: Known, rows: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    """Sample one row from each of `count` equal parts, ordered by the mean latency on the source devices."""
    ordered = rows[np.argsort(known.sources[rows].mean(1), kind="stable")]
    generator = np.random.default_rng(seed)
    return np.array([generator.choice(part) for part in np.array_split(ordered, count)])


def diverse(known: Known, rows: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    """Choose the row nearest to each of `count` k-means centres of counts and source latencies."""
    from sklearn.cluster import KMeans

    x = _described(known)
    some = np.random.default_rng(seed).choice(rows, min(2000, len(rows)), replace=False)
    k_means = KMeans(count, n_init=1, random_state=seed)  # pyright: ignore[reportArgumentType]  # typed as its default
    centres = k_means.fit(x[some]).cluster_centers_
    chosen: list[int] = []
    for centre in centres:
        away = np.square(x[some] - centre).sum(1)
        chosen.append(next(int(some[i]) for i in np.argsort(away) if int(some[i]) not in chosen))
    return np.array(chosen)


def most_informative(known: Known, rows: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    """Choose rows as `archflow choose` does, on counts and source latencies."""
    some = np.random.default_rng(seed).choice(rows, min(1000, len(rows)), replace=False)
    return some[choose(_described(known)[some], count, seed=seed)]


def _described(known: Known) -> Floats:
    return np.concatenate([known.sources, 4 * known.features["counts"]], 1)


SAMPLERS: Mapping[str, Sampler] = {
    "random": at_random,
    "by size": by_size,
    "diverse": diverse,
    "choose": most_informative,
}
