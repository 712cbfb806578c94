"""Draws of rows to learn from and rows to judge by, and the measures of a latency prediction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from archflow.predict.metrics import kendall_tau, mape, spearman, within

Rows = NDArray[np.int64]

TEST = 0.25
"""The part of the rows that a draw judges by, at least: whole groups are drawn until it is reached."""

MEASURES = ("mape", "within_5", "within_10", "spearman", "kendall")


def grouped_draws(groups: NDArray, draws: int, test: float = TEST) -> Iterator[tuple[Rows, Rows]]:
    """Rows to learn from and rows to judge by, without a group on both sides; the same for every call."""
    names, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1)
    sizes = np.bincount(member)
    for draw in range(draws):
        order = np.random.default_rng(draw).permutation(len(names))
        judged = order[: np.searchsorted(sizes[order].cumsum(), test * len(member)) + 1]
        held = np.isin(member, judged)
        yield np.flatnonzero(~held), np.flatnonzero(held)


def grouped_folds(groups: NDArray, folds: int, seed: int) -> NDArray[np.int64]:
    """(N,) the fold of each row; groups stay together."""
    names, member = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % folds)[member.reshape(-1)]


def measures(predicted: NDArray, measured: NDArray) -> dict[str, float]:
    """The `MEASURES` of a prediction of latencies; errors and shares as fractions."""
    shares = (mape(predicted, measured), within(0.05, predicted, measured), within(0.1, predicted, measured))
    values = (*shares, spearman(predicted, measured), kendall_tau(predicted, measured))
    return dict(zip(MEASURES, map(float, values), strict=True))
