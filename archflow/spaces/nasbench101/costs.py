"""Parameters and multiply-adds of NAS-Bench-101 networks, computed from their cells.

The conventions are those of `archflow.networks.counting`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.networks.nasbench101_channels import vertex_channels
from archflow.spaces.nasbench101.codes import MAX_NODES, OPERATIONS, Codes, adjacency, operations, sizes

KERNELS = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}
"""Kernel size of the operations that have weights."""

_TAPS = np.array([KERNELS.get(op, 0) ** 2 for op in OPERATIONS])


def network_costs(
    codes: Codes,
    *,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
) -> dict[str, NDArray[np.float64]]:
    """Costs of N networks.

    Args:
        codes: (N,) cells, see `archflow.spaces.nasbench101.codes`.
        channels, cells_per_stage, stages, classes: Size of the networks.
        image_shape: (channels, height, width).

    Returns:
        `params` (N,), and `flops` (N,) as multiply-adds for one image.

    Raises:
        ArchflowError: If there are fewer channels than nodes of a cell that must divide them.
    """
    image_channels, height, width = image_shape
    edges, size = adjacency(codes), sizes(codes)
    taps = np.zeros((len(codes), MAX_NODES), np.int64)
    taps[:, 1:-1] = _TAPS[operations(codes)]
    stem = image_channels * channels * 9
    params = np.full(len(codes), stem + 2 * channels)
    flops = np.full(len(codes), stem * height * width)
    channels_in = wide = channels
    for stage in range(stages):
        wide = channels * 2**stage
        if stage > 0:
            height, width = -(-height // 2), -(-width // 2)
        widths = vertex_channels(edges, size, wide)
        kernels = (taps * widths**2).sum(axis=1)
        # Each convolution is followed by a normalisation with two parameters per channel.
        normalised = ((taps > 0) * widths).sum(axis=1)
        widths[np.arange(len(codes)), size - 1] = wide
        projected = (edges[:, 0] * widths).sum(axis=1)
        # The first cell of a stage has a different number of input channels from the later ones.
        entering = channels_in + (cells_per_stage - 1) * wide
        weights = cells_per_stage * kernels + entering * projected
        params += weights + cells_per_stage * 2 * (normalised + projected)
        flops += weights * height * width
        channels_in = wide
    params += wide * classes + classes
    flops += wide * classes
    return {"params": params.astype(np.float64), "flops": flops.astype(np.float64)}
