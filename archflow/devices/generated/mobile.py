"""Networks of inverted residuals, as for phones.

Source: Sandler et al. 2018 (MobileNetV2), Howard et al. 2019 (MobileNetV3).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from annotated_types import Ge, Le, Len
from torch import Tensor, nn

from archflow.described import Described
from archflow.devices.generated.family import Family, one_of
from archflow.devices.generated.layers import Activation, Norm, SqueezeExcite, classifier, convolution

_WIDTHS = (16, 24, 40, 80, 112, 192)
_STRIDES = (1, 2, 2, 2, 1, 2)
_CLASSES = 1000


class MobileStage(Described):
    """Blocks of the same width; the first one has the stride.

    Attributes:
        width: Channels.
        depth: Blocks.
        kernel: The kernel of the depthwise convolutions.
        expansion: How many times more channels a block has inside.
        stride: The stride of the first block.
        squeeze: Whether channels are weighted (squeeze-and-excitation).
    """

    width: Annotated[int, Ge(8), Le(1024)]
    depth: Annotated[int, Ge(1), Le(16)]
    kernel: Literal[3, 5, 7]
    expansion: Annotated[int, Ge(1), Le(8)]
    stride: Literal[1, 2]
    squeeze: bool


class Mobile(Family):
    """Inverted residuals with depthwise convolutions.

    Attributes:
        resolution: Height and width of the image.
        stem: Channels of the first convolution.
        stages: The stages of blocks.
        head: Channels of the last convolution; 0 for none.
        act: Activation.
        norm: Normalisation.
    """

    family: Literal["mobile"] = "mobile"
    resolution: Annotated[int, Ge(32), Le(512)]
    stem: Annotated[int, Ge(8), Le(256)]
    stages: Annotated[tuple[MobileStage, ...], Len(1, 8)]
    head: Annotated[int, Ge(0), Le(4096)]
    act: Activation
    norm: Literal["batch", "group"]

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> Self:
        factor = generator.uniform(0.35, 1.4)
        count = int(generator.integers(4, 7))
        stages = [
            MobileStage(
                width=_rounded(width * factor * generator.uniform(0.8, 1.25)),
                depth=int(generator.integers(1, 5)),
                kernel=one_of(generator, (3, 5, 7), (0.5, 0.35, 0.15)),
                expansion=one_of(generator, (1, 2, 3, 4, 6)),
                stride=stride,
                squeeze=bool(generator.random() < 0.35),
            )
            for width, stride in zip(_WIDTHS[:count], _STRIDES, strict=False)
        ]
        return cls(
            resolution=int(one_of(generator, (64, 96, 128, 160, 192, 224))),
            stem=_rounded(24 * factor),
            stages=tuple(stages),
            head=int(one_of(generator, (0, 320, 640, 960, 1280))),
            act=one_of(generator, ("relu", "relu6", "hard_swish", "silu")),
            norm=one_of(generator, ("batch", "group"), (0.8, 0.2)),
        )

    def network(self) -> nn.Module:
        layers: list[nn.Module] = [convolution(3, self.stem, 3, stride=2, normed=self.norm, act=self.act)]
        width = self.stem
        for stage in self.stages:
            for block in range(stage.depth):
                layers.append(InvertedResidual(width, stage, stage.stride if block == 0 else 1, self.act, self.norm))
                width = stage.width
        if self.head:
            layers.append(convolution(width, self.head, 1, normed=self.norm, act=self.act))
        return nn.Sequential(*layers, classifier(self.head or width, _CLASSES))

    def inputs(self) -> tuple[Tensor, ...]:
        return (torch.randn(1, 3, self.resolution, self.resolution),)


class InvertedResidual(nn.Module):
    """Expands, filters every channel by itself, and projects: (B, in, H, W) -> (B, width, H / stride, W / stride)."""

    def __init__(self, width_in: int, stage: MobileStage, stride: int, act: Activation, normed: Norm) -> None:
        super().__init__()
        inner = width_in * stage.expansion
        layers: list[nn.Module] = []
        if stage.expansion > 1:
            layers.append(convolution(width_in, inner, 1, normed=normed, act=act))
        layers.append(convolution(inner, inner, stage.kernel, stride=stride, groups=inner, normed=normed, act=act))
        if stage.squeeze:
            layers.append(SqueezeExcite(inner, max(8, inner // 4)))
        layers.append(convolution(inner, stage.width, 1, normed=normed))
        self.layers = nn.Sequential(*layers)
        self.skips = stride == 1 and width_in == stage.width

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.skips else self.layers(x)


def _rounded(width: float) -> int:
    """The nearest multiple of 8, at least 8."""
    return max(8, 8 * round(width / 8))
