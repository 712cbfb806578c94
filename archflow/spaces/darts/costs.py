"""Parameters and multiply-adds of DARTS networks, computed from their choices.

The conventions are those of `archflow.networks.counting`; the network is that of `archflow.networks.darts_network`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.networks.sizes import check_sizes
from archflow.spaces.darts.graph import CELLS, OPERATIONS, STEPS

CONVOLUTIONS = {"sep_conv_3x3": (3, 2), "sep_conv_5x5": (5, 2), "dil_conv_3x3": (3, 1), "dil_conv_5x5": (5, 1)}
"""Kernel size of the operations with weights, and their number of depthwise and 1x1 convolution pairs."""

_NORMAL, _REDUCTION = range(CELLS)


def network_costs(
    choices: NDArray[np.int64],
    *,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
    affine: bool,
) -> dict[str, NDArray[np.float64]]:
    """Costs of the networks of N genotypes.

    Args:
        choices: (N, 2, 8, 2), see `archflow.spaces.darts.graph`.
        channels, cells_per_stage, stages, classes: Size of the networks.
        image_shape: (channels, height, width).
        affine: Whether normalisation within operations has a learnt scale and shift.

    Returns:
        `params` (N,), and `flops` (N,) as multiply-adds for one image.

    Raises:
        ArchflowError: If a size is below one.
    """
    image_channels, height, width = image_shape
    check_sizes(channels=channels, cells_per_stage=cells_per_stage, stages=stages, classes=classes)
    check_sizes(image_channels=image_channels, image_height=height, image_width=width)
    counts = _counts(choices)
    outputs = STEPS // 2
    older = newer = 3 * channels
    params = np.full(len(choices), image_channels * newer * 9 + 2 * newer, np.int64)
    flops = np.full(len(choices), image_channels * newer * 9 * height * width, np.int64)
    for stage in range(stages):
        wide = channels * 2**stage
        for position in range(cells_per_stage + (stage > 0)):
            reduction = stage > 0 and position == 0
            # 1x1 convolutions bring both inputs to `wide` channels, at the resolution of the newer one.
            params += (older + newer) * wide + 4 * wide
            flops += (older + newer) * wide * height * width
            if reduction:
                height, width = -(-height // 2), -(-width // 2)
            for op, count in counts[_REDUCTION if reduction else _NORMAL].items():
                weights, norms = _operation(op, wide)
                params += count * (weights + affine * norms)
                flops += count * weights * height * width
            older, newer = newer, outputs * wide
    params += newer * classes + classes
    flops += newer * classes
    return {"params": params.astype(np.float64), "flops": flops.astype(np.float64)}


def _counts(choices: NDArray[np.int64]) -> list[dict[str, NDArray[np.int64]]]:
    """For both cells: name -> (N,) number of occurrences, for operations with weights.

    A skip connection has weights if it reduces the resolution: in a reduction cell, from one of the cell's inputs.
    """
    predecessors, operations = choices[..., 0], choices[..., 1]
    counts = [
        {op: (operations[:, cell] == OPERATIONS.index(op)).sum(axis=1) for op in CONVOLUTIONS} for cell in range(CELLS)
    ]
    skips = operations[:, _REDUCTION] == OPERATIONS.index("skip_connect")
    counts[_REDUCTION]["skip_connect"] = (skips & (predecessors[:, _REDUCTION] < 2)).sum(axis=1)
    return counts


def _operation(op: str, channels: int) -> tuple[int, int]:
    """Convolution weights of an operation, each used once per output position, and its normalisation weights."""
    if op == "skip_connect":
        return channels * channels, 2 * channels
    kernel, pairs = CONVOLUTIONS[op]
    return pairs * (kernel**2 * channels + channels * channels), pairs * 2 * channels
