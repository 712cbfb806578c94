"""The image classifier of a DARTS genotype: stem, normal cells with reduction cells between the stages, classifier.

Source: Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, without the parts that only its
training recipe uses: the auxiliary classifier and drop path.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.networks.darts_operations import FactorizedReduction, make_operation
from archflow.networks.operations import ReluConvBatchNorm
from archflow.networks.sizes import check_sizes
from archflow.seeding import seeded

Step = tuple[str, int]
"""(operation name, predecessor): 0 and 1 are the inputs of the cell, then come its intermediate nodes."""


class DARTSCell(nn.Module):
    """A cell: outputs of the two preceding cells, (B, C_older, H', W') and (B, C_newer, H, W), -> (B, n C, H, W).

    Both inputs are mapped to C channels and to the resolution of the newer one. Each of the n intermediate nodes is the
    sum of two operations; the output is their concatenation. In a reduction cell the operations on its inputs have
    stride 2: H and W of the output are halved, rounded up.

    Args:
        steps: Two operations per intermediate node, in order.
        older, newer: Channels of the inputs.
        channels: C, of every operation.
        older_is_larger: Whether the older input comes from before a reduction, with twice the height and width of the
            newer one.
        affine: See `archflow.networks.darts_operations.make_operation`; affects operations only.

    Raises:
        ArchflowError: If an operation is unknown, a predecessor does not precede its node, or the number of steps is
            odd.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        older: int,
        newer: int,
        channels: int,
        *,
        reduction: bool,
        older_is_larger: bool,
        affine: bool,
    ) -> None:
        super().__init__()
        _check(steps)
        self.older = FactorizedReduction(older, channels) if older_is_larger else ReluConvBatchNorm(older, channels, 1)
        self.newer = ReluConvBatchNorm(newer, channels, 1)
        self.predecessors = [predecessor for _, predecessor in steps]
        self.operations = nn.ModuleList(
            make_operation(name, channels, 2 if reduction and predecessor < 2 else 1, affine)
            for name, predecessor in steps
        )

    def forward(self, older: Tensor, newer: Tensor) -> Tensor:
        maps = [self.older(older), self.newer(newer)]
        steps = list(zip(self.operations, self.predecessors, strict=True))
        for (first, one), (second, other) in zip(steps[::2], steps[1::2], strict=True):
            maps.append(first(maps[one]) + second(maps[other]))
        return torch.cat(maps[2:], dim=1)


class DARTSNetwork(nn.Module):
    """Image classifier of DARTS: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

    A stem of 3 C channels, then `stages` stages of `cells_per_stage` normal cells with C, 2C, 4C ... channels; each
    stage except the first begins with a reduction cell of its channels. Three stages of n cells are the 3 n + 2 cells
    of the paper, with reductions at a third and two thirds of the depth.

    Args:
        normal, reduction: The cells as (operation, predecessor) pairs; see `DARTSCell`.
        channels: C, the channels of an operation in the first stage.
        seed: Seed of the weights, which have PyTorch's default distributions.
        affine: Operations as in the trained network, otherwise as during the search; see `make_operation`.

    Raises:
        ArchflowError: If `DARTSCell` refuses a cell, or a size is below one.
    """

    def __init__(
        self,
        normal: Sequence[Step],
        reduction: Sequence[Step],
        channels: int = 32,
        cells_per_stage: int = 2,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
        affine: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(channels=channels, cells_per_stage=cells_per_stage, stages=stages)
        check_sizes(classes=classes, image_channels=image_channels)
        older = newer = 3 * channels
        with seeded(seed):
            self.stem = nn.Sequential(nn.Conv2d(image_channels, newer, 3, padding=1, bias=False), nn.BatchNorm2d(newer))
            self.cells = nn.ModuleList()
            reduced = False
            for stage in range(stages):
                for position in range(cells_per_stage + (stage > 0)):
                    reduces = stage > 0 and position == 0
                    steps, wide = reduction if reduces else normal, channels * 2**stage
                    self.cells.append(
                        DARTSCell(steps, older, newer, wide, reduction=reduces, older_is_larger=reduced, affine=affine)
                    )
                    older, newer, reduced = newer, len(steps) // 2 * wide, reduces
            self.classifier = nn.Linear(newer, classes)

    def forward(self, images: Tensor) -> Tensor:
        older = newer = self.stem(images)
        for cell in self.cells:
            older, newer = newer, cell(older, newer)
        return self.classifier(newer.mean((2, 3)))


def _check(steps: Sequence[Step]) -> None:
    if not steps or len(steps) % 2:
        raise ArchflowError(f"a DARTS cell of {len(steps)} steps: give two for each intermediate node")
    for position, (name, predecessor) in enumerate(steps):
        if not 0 <= predecessor < position // 2 + 2:
            raise ArchflowError(
                f"step {position} of a DARTS cell ({name}) reads feature map {predecessor}: "
                f"use one of 0 to {position // 2 + 1}"
            )
