"""Parameters and multiply-adds of hierarchical networks, computed from their cells.

The conventions are those of `archflow.networks.counting`; the network is that of
`archflow.networks.hierarchical_network`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.networks.sizes import check_sizes
from archflow.spaces.hierarchical.graph import VOCABULARY

_DEPTHWISE = {VOCABULARY.index(op) for op in ("depthwise_conv_3x3", "sep_conv_3x3")}
_POINTWISE = {VOCABULARY.index(op) for op in ("conv_1x1", "sep_conv_3x3", "projection")}
"""Operation ids with a depthwise 3x3 convolution, and with a 1x1 convolution to the channels of the cell."""


def network_costs(
    cells: ArchitectureSet,
    *,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
) -> dict[str, NDArray[np.float64]]:
    """Costs of the networks of N flattened cells, over `VOCABULARY`.

    Returns:
        `params` (N,) and `flops` (N,), multiply-adds of one image.

    Raises:
        ArchflowError: If a size is below one.
    """
    image_channels, *resolution = image_shape
    check_sizes(channels=channels, cells_per_stage=cells_per_stage, stages=stages, classes=classes)
    check_sizes(image_channels=image_channels, image_height=resolution[0], image_width=resolution[1])
    found = np.zeros((len(cells), 2))
    for row in range(len(cells)):
        ops, sources = _cell(cells, row)
        height, width = resolution
        wide = entering = channels
        stem = image_channels * channels * 9
        params, flops = stem + 2 * channels, stem * height * width
        for stage in range(stages):
            if stage > 0:
                wide, height, width = 2 * wide, -(-height // 2), -(-width // 2)
                weights = 9 * entering + entering * wide
                params, flops = params + weights + 2 * wide, flops + weights * height * width
                entering = wide
            for _ in range(cells_per_stage):
                weights, normalised, entering = _cell_costs(ops, sources, entering, wide)
                params, flops = params + weights + 2 * normalised, flops + weights * height * width
        found[row] = params + entering * classes + classes, flops + entering * classes
    return {"params": found[:, 0], "flops": found[:, 1]}


def _cell(cells: ArchitectureSet, row: int) -> tuple[list[int], list[list[int]]]:
    """The operation ids of a cell, and the nodes that lead to each."""
    ops = cells.op[slice(*cells.node_ptr[row : row + 2])].tolist()
    edges = slice(*cells.edge_ptr[row : row + 2])
    sources: list[list[int]] = [[] for _ in ops]
    for source, target in zip(cells.edge_src[edges].tolist(), cells.edge_dst[edges].tolist(), strict=True):
        sources[target].append(source)
    return ops, sources


def _cell_costs(ops: list[int], sources: list[list[int]], entering: int, wide: int) -> tuple[int, int, int]:
    """Convolution weights of a cell (each used once per output position), normalised channels, and output channels.

    Args:
        ops, sources: See `_cell`.
        entering: Channels of its input.
        wide: Channels of its 1x1 convolutions.
    """
    weights = normalised = 0
    given = [entering]
    for op, leading in zip(ops[1:], sources[1:], strict=True):
        width = sum(given[source] for source in leading)
        pointwise = op in _POINTWISE
        weights += 9 * width * (op in _DEPTHWISE) + width * wide * pointwise
        given.append(wide if pointwise else width)
        normalised += given[-1] * (pointwise or op in _DEPTHWISE)
    return weights, normalised, given[-1]
