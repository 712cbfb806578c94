"""A two-dimensional map of embeddings by principal components."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def principal_components(embeddings: ArrayLike, count: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project the embeddings on their axes of largest variance; axes beyond the rank of the data are zero.

    The largest loading of an axis is positive, so that the same embeddings give the same map.

    Args:
        embeddings: (N, d). Rows with a value that is not finite are ignored.
        count: Number of axes.

    Returns:
        The coordinates (N, count), NaN for rows that are not finite, and the fraction of the variance on each axis
        (count,).
    """
    from sklearn.decomposition import PCA

    table = np.asarray(embeddings, dtype=np.float64)
    known = np.isfinite(table).all(axis=1)
    coordinates = np.full((len(table), count), np.nan)
    coordinates[known] = 0.0
    shares = np.zeros(count)
    rows = table[known]
    scale = np.abs(rows).max(initial=0) or 1.0  # squares of very large values must not overflow
    rows = rows / scale
    rows -= rows.mean(axis=0) if len(rows) else 0.0  # scikit-learn subtracts large means after squaring
    used = min(count, *rows.shape)
    if rows.any():
        pca = PCA(used, svd_solver="covariance_eigh")  # N may be hundreds of thousands
        coordinates[known, :used] = pca.fit_transform(rows) * scale
        shares[:used] = pca.explained_variance_ratio_
    return coordinates, shares
