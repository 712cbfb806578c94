"""Parameters and multiply-adds of NAS-Bench-201 networks, computed from their operation counts.

The conventions are those of `archflow.networks.counting`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
"""Kernel size of the operations that have weights."""


def network_costs(
    operations: Mapping[str, NDArray[np.int64]],
    *,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
) -> dict[str, NDArray[np.float64]]:
    """Costs of N networks.

    Args:
        operations: Name -> (N,), the number of edges with that operation in each cell.
        channels, cells_per_stage, stages, classes: Size of the networks.
        image_shape: (channels, height, width).

    Returns:
        `params` (N,), and `flops` (N,) as multiply-adds for one image.
    """
    image_channels, height, width = image_shape
    last = channels * 2 ** (stages - 1)
    params = image_channels * channels * 9 + 2 * channels + 2 * last + last * classes + classes
    flops = image_channels * channels * 9 * height * width + last * classes
    cell_params, cell_flops = {op: 0 for op in KERNELS}, {op: 0 for op in KERNELS}
    for stage in range(stages):
        wide = channels * 2**stage
        if stage > 0:
            height, width = -(-height // 2), -(-width // 2)
            # Residual reduction: 3x3 from half the channels, 3x3, 1x1 shortcut; two normalisations.
            weights = wide * (wide // 2) * 9 + wide * wide * 9 + wide * (wide // 2)
            params += weights + 4 * wide
            flops += weights * height * width
        for op, kernel in KERNELS.items():
            cell_params[op] += cells_per_stage * (wide * wide * kernel**2 + 2 * wide)
            cell_flops[op] += cells_per_stage * wide * wide * kernel**2 * height * width
    return {
        "params": np.asarray(params + sum(operations[op] * cell_params[op] for op in KERNELS), np.float64),
        "flops": np.asarray(flops + sum(operations[op] * cell_flops[op] for op in KERNELS), np.float64),
    }
