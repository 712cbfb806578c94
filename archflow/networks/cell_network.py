"""An image classifier made of copies of one cell: stem, stages of cells, pooling, classifier.

Source: the macro skeleton of NAS-Bench-201 (Dong and Yang, ICLR 2020, section 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.networks.operations import ZEROIZE, ResidualReduction, make_operation
from archflow.networks.sizes import check_sizes
from archflow.seeding import torchs_own

CellEdge = tuple[int, int, str]
"""(source node, target node, operation name)."""


class Cell(nn.Module):
    """A cell whose nodes are feature maps and whose edges apply operations; a node is the sum of its incoming edges.

    Node 0 is the input and the highest node the output, both (B, C, H, W).
    """

    def __init__(self, edges: Sequence[CellEdge], channels: int) -> None:
        super().__init__()
        _check(edges)
        # A zeroized edge adds nothing to the sum, so it is omitted.
        carrying = sorted((target, source, name) for source, target, name in edges if name != ZEROIZE)
        self.operations = nn.ModuleList(make_operation(name, channels) for _, _, name in carrying)
        self.ends = [(source, target) for target, source, _ in carrying]
        self.output = max(target for _, target, _ in edges)

    def forward(self, x: Tensor) -> Tensor:
        nodes: dict[int, Tensor] = {0: x}
        for operation, (source, target) in zip(self.operations, self.ends, strict=True):
            value = operation(nodes[source] if source in nodes else torch.zeros_like(x))
            nodes[target] = nodes[target] + value if target in nodes else value
        return nodes[self.output] if self.output in nodes else torch.zeros_like(x)


class CellNetwork(nn.Module):
    """Image classifier of NAS-Bench-201: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

    `stages` stages of `cells_per_stage` cells with C, 2C, 4C ... channels; a residual block of stride 2 between stages.

    Args:
        edges: The cell as (source, target, operation) triples, source < target; see `Cell`.
        channels: C, the channels of the first stage.
        seed: Seed of the weights, which have PyTorch's default distributions.

    Raises:
        ArchflowError: If an operation is unknown, an edge does not go forward, or a size is below one.
    """

    def __init__(
        self,
        edges: Sequence[CellEdge],
        channels: int = 16,
        cells_per_stage: int = 5,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(
            channels=channels,
            cells_per_stage=cells_per_stage,
            stages=stages,
            classes=classes,
            image_channels=image_channels,
        )
        # Layers draw their weights from the global generator.
        with torchs_own(seed):
            layers: list[nn.Module] = [
                nn.Conv2d(image_channels, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
            ]
            for stage in range(stages):
                width = channels * 2**stage
                if stage > 0:
                    layers.append(ResidualReduction(width // 2, width))
                layers.extend(Cell(edges, width) for _ in range(cells_per_stage))
            last = channels * 2 ** (stages - 1)
            layers += [nn.BatchNorm2d(last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Linear(last, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


def _check(edges: Sequence[CellEdge]) -> None:
    if not edges:
        raise ArchflowError("a cell without edges has no output: give at least one (source, target, operation)")
    for source, target, name in edges:
        if not 0 <= source < target:
            raise ArchflowError(
                f"cell edge {source}->{target} ({name}) does not go forward: number nodes topologically from 0"
            )
