"""The networks of NAS-Bench-101: stem, stacks of cells, pooling, classifier.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, and its
released code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.networks.nasbench101_channels import vertex_channels
from archflow.networks.sizes import check_sizes
from archflow.seeding import seeded


class ConvBatchNormRelu(nn.Sequential):
    """Convolution of stride 1 without bias, batch normalisation (decay 0.997, eps 1e-5), ReLU.

    (B, `channels_in`, H, W) -> (B, `channels_out`, H, W).
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels_out, eps=1e-5, momentum=0.003),
            nn.ReLU(),
        )


OPERATIONS: dict[str, Callable[[int], nn.Module]] = {
    "conv3x3-bn-relu": lambda channels: ConvBatchNormRelu(channels, channels, 3),
    "conv1x1-bn-relu": lambda channels: ConvBatchNormRelu(channels, channels, 1),
    "maxpool3x3": lambda channels: nn.MaxPool2d(3, stride=1, padding=1),
}


class NASBench101Cell(nn.Module):
    """A cell: (B, `channels_in`, H, W) -> (B, `channels`, H, W).

    A node applies its operation to the sum of its inputs; the output concatenates. The cell's input passes through a
    separate 1x1 projection for every node it leads to, and is added to the output. A node with more channels than its
    successor is truncated there.

    Args:
        ops: Operation of every node, `input` first, `output` last.
        edges: (source, target) pairs, source < target; every node is on a path from input to output.

    Raises:
        ArchflowError: If an operation is unknown, or there are fewer channels than nodes that divide them.
    """

    def __init__(self, ops: Sequence[str], edges: Sequence[tuple[int, int]], channels_in: int, channels: int) -> None:
        super().__init__()
        last = len(ops) - 1
        adjacency = np.zeros((1, len(ops), len(ops)), bool)
        adjacency[0, [source for source, _ in edges], [target for _, target in edges]] = True
        widths = vertex_channels(adjacency, np.array([len(ops)]), channels)[0].tolist()
        widths[last] = channels
        self.sources = [
            [source for source in range(1, target) if adjacency[0, source, target]] for target in range(last + 1)
        ]
        self.widths = widths
        self.projections = nn.ModuleDict(
            {
                str(target): ConvBatchNormRelu(channels_in, widths[target], 1)
                for target in range(1, last + 1)
                if adjacency[0, 0, target]
            }
        )
        self.operations = nn.ModuleList(_operation(ops[node], widths[node]) for node in range(1, last))

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for node, operation in enumerate(self.operations, start=1):
            terms = [nodes[source][:, : self.widths[node]] for source in self.sources[node]]
            nodes.append(operation(self._with_input(x, node, terms)))
        joined = [nodes[source] for source in self.sources[-1]]
        return self._with_input(x, len(nodes), [torch.cat(joined, dim=1)] if joined else [])

    def _with_input(self, x: Tensor, node: int, terms: list[Tensor]) -> Tensor:
        """The sum of the terms and, if the input leads to that node, of the projected input."""
        if str(node) in self.projections:
            terms = [*terms, self.projections[str(node)](x)]
        return sum(terms[1:], terms[0])


class NASBench101Network(nn.Module):
    """Image classifier of NAS-Bench-101: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

    A 3x3 convolution to `channels` channels, then `stages` stacks of `cells_per_stage` cells; between two stacks max
    pooling halves the resolution (odd heights and widths are rounded up) and the channels double. The end is global
    average pooling and a linear layer.

    Args:
        ops, edges: The cell; see `NASBench101Cell`.
        seed: Seed of the weights, which have PyTorch's default distributions (the released code draws truncated normal
            ones).

    Raises:
        ArchflowError: If an operation is unknown, a size is below one, or there are fewer channels than nodes that
            divide them.
    """

    def __init__(
        self,
        ops: Sequence[str],
        edges: Sequence[tuple[int, int]],
        channels: int = 128,
        cells_per_stage: int = 3,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(channels=channels, cells_per_stage=cells_per_stage, stages=stages)
        check_sizes(classes=classes, image_channels=image_channels)
        with seeded(seed):
            layers: list[nn.Module] = [ConvBatchNormRelu(image_channels, channels, 3)]
            width = channels
            for stage in range(stages):
                if stage > 0:
                    layers.append(nn.MaxPool2d(2, stride=2, ceil_mode=True))
                for _ in range(cells_per_stage):
                    layers.append(NASBench101Cell(ops, edges, width, channels * 2**stage))
                    width = channels * 2**stage
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


def _operation(name: str, channels: int) -> nn.Module:
    if name not in OPERATIONS:
        raise ArchflowError(f"unknown operation {name!r}: use one of {', '.join(OPERATIONS)}")
    return OPERATIONS[name](channels)
