"""Networks of the hierarchical space: convolution, groups of cells, pooling, classifier.

Source: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018. Details that it leaves
open are chosen here: normalisation and ReLU follow every convolution, and a group starts with a separable convolution
that maps the concatenated channels of a cell to those of the group.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.networks.sizes import check_sizes
from archflow.seeding import seeded


class Convolution(nn.Sequential):
    """A sequence of convolutions without bias, then batch normalisation and ReLU."""

    def __init__(self, *convolutions: nn.Conv2d) -> None:
        super().__init__(*convolutions, nn.BatchNorm2d(convolutions[-1].out_channels), nn.ReLU())


def separable(channels_in: int, channels: int, stride: int = 1) -> Convolution:
    """(B, `channels_in`, H, W) -> (B, `channels`, ceil(H / stride), ceil(W / stride))."""
    return Convolution(_depthwise(channels_in, stride), _pointwise(channels_in, channels))


class HierarchicalCell(nn.Module):
    """A flattened cell: (B, `channels_in`, H, W) -> (B, `channels_out`, H, W).

    The output is the concatenation of its inputs.

    Every node operates on the concatenation of its inputs. Convolutions, except depthwise ones, have `channels` output
    channels; other operations keep the number of channels.
    """

    def __init__(self, ops: Sequence[str], edges: Sequence[tuple[int, int]], channels_in: int, channels: int) -> None:
        super().__init__()
        self.sources = [[source for source, target in edges if target == node] for node in range(len(ops))]
        widths, modules = [channels_in], []
        for op, sources in zip(ops[1:], self.sources[1:], strict=True):
            width = sum(widths[source] for source in sources)
            modules.append(_operation(op, width, channels))
            widths.append(channels if op in _WIDENING else width)
        self.operations, self.channels_out = nn.ModuleList(modules), widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for operation, sources in zip(self.operations, self.sources[1:], strict=True):
            nodes.append(operation(torch.cat([nodes[source] for source in sources], dim=1)))
        return nodes[-1]


class HierarchicalNetwork(nn.Module):
    """Image classifier of the hierarchical space: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

    Args:
        ops, edges: The flattened cell, nodes in topological order, `input` first, `output` last.
        channels: Channels of the first group; every further group halves the resolution and doubles the channels.
        cells_per_stage: Cells per group.
        stages: Number of groups.
        seed: Seed of the weights, which have PyTorch's default distributions.

    Raises:
        ArchflowError: If an operation is unknown, or a size is below one.
    """

    def __init__(
        self,
        ops: Sequence[str],
        edges: Sequence[tuple[int, int]],
        channels: int = 16,
        cells_per_stage: int = 1,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(channels=channels, cells_per_stage=cells_per_stage, stages=stages)
        check_sizes(classes=classes, image_channels=image_channels)
        with seeded(seed):
            layers: list[nn.Module] = [Convolution(nn.Conv2d(image_channels, channels, 3, padding=1, bias=False))]
            width = channels
            for stage in range(stages):
                wide = channels * 2**stage
                if stage > 0:
                    layers.append(separable(width, wide, 2))
                    width = wide
                for _ in range(cells_per_stage):
                    cell = HierarchicalCell(ops, edges, width, wide)
                    layers.append(cell)
                    width = cell.channels_out
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


_WIDENING = ("conv_1x1", "sep_conv_3x3", "projection")
"""Operations whose output has the channels of the cell."""


def _depthwise(channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)


def _pointwise(channels_in: int, channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, 1, bias=False)


def _operation(name: str, channels_in: int, channels: int) -> nn.Module:
    match name:
        case "conv_1x1" | "projection":
            return Convolution(_pointwise(channels_in, channels))
        case "depthwise_conv_3x3":
            return Convolution(_depthwise(channels_in))
        case "sep_conv_3x3":
            return separable(channels_in, channels)
        case "max_pool_3x3":
            return nn.MaxPool2d(3, stride=1, padding=1)
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        case "identity" | "output":
            return nn.Identity()
    raise ArchflowError(f"hierarchical cell: no operation is called {name!r}")
