"""A two-dimensional map of embeddings by principal components."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def principal_components(embeddings: ArrayLike, count: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates `(N, count)` of the embeddings `(N, d)` and the share of the variance on each axis `(count,)`.

    The sign of an axis is free: here its largest loading is positive, so that the same embeddings give the same
    map. Axes beyond the rank of the data are zero; rows with a value that is not finite are NaN.
    """
    table = np.asarray(embeddings, dtype=np.float64)
    known = np.isfinite(table).all(axis=1)
    coordinates = np.full((len(table), count), np.nan)
    coordinates[known] = 0.0
    shares = np.zeros(count)
    if not known.any() or not table.shape[1]:
        return coordinates, shares
    scale = np.abs(table[known]).max() or 1.0  # squares of very large values must not overflow
    rows = table[known] / scale
    rows -= rows.mean(axis=0)
    # The right singular vectors come from the (d, d) scatter matrix: N may be hundreds of thousands.
    _, strengths, axes = np.linalg.svd(rows.T @ rows, hermitian=True)
    axes, used = axes[:count], min(count, len(axes))
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(used), largest])[:, None]
    coordinates[known, :used] = rows @ axes.T * scale
    if strengths.sum() > 0:
        shares[:used] = strengths[:used] / strengths.sum()
    return coordinates, shares
