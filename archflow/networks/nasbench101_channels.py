"""The number of channels of each node of a NAS-Bench-101 cell.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, and its released code,
which determines how remaining channels are distributed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError


def vertex_channels(adjacency: NDArray[np.bool_], sizes: NDArray[np.int64], channels: int) -> NDArray[np.int64]:
    """Output channels of every inner node, for N cells at once.

    The output concatenates, so its channels are divided evenly among the inner nodes that lead to it; if there is a
    remainder, the first nodes get one more. Two numberings of one cell can therefore differ in a few weights. Any other
    inner node has as many channels as the widest of its successors.

    Args:
        adjacency: [row, source, target] (N, n, n), edges going forward, False beyond a cell's size.
        sizes: (N,) number of nodes of every cell; the last is its output.
        channels: Channels of the output.

    Returns:
        (N, n), 0 for input, output and positions beyond a cell's size.

    Raises:
        ArchflowError: If there are fewer channels than nodes that must divide them.
    """
    rows = np.arange(len(sizes))
    sharing = adjacency[rows, :, sizes - 1]
    sharing[:, 0] = False  # the input is added to the concatenation, not part of it
    sharers = sharing.sum(axis=1)
    if sharers.max(initial=0) > channels:
        raise ArchflowError(
            f"{sharers.max()} nodes of a NAS-Bench-101 cell divide {channels} channels: give at least {sharers.max()}"
        )
    share, remainder = np.divmod(channels, np.maximum(sharers, 1))
    widths = np.where(sharing, share[:, None] + (np.cumsum(sharing, axis=1) <= remainder[:, None]), 0)
    for node in range(adjacency.shape[1] - 2, 0, -1):
        widest = (adjacency[:, node] * widths).max(axis=1)
        widths[:, node] = np.where(sharing[:, node], widths[:, node], widest)
    return widths
