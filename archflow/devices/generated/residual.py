"""Residual networks of basic, bottleneck and grouped blocks.

Source: He et al. 2016 (ResNet), Xie et al. 2017 (ResNeXt).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from annotated_types import Ge, Le, Len
from pydantic import model_validator
from torch import Tensor, nn

from archflow.devices.generated.family import Family, one_of
from archflow.devices.generated.layers import Activation, Norm, activation, classifier, convolution

_CLASSES = 1000


class Residual(Family):
    """A stem and stages of residual blocks; a stage has up to twice the channels of the stage before it.

    Attributes:
        resolution: Height and width of the image.
        stem: Kernel of the first convolution; one of 7 is followed by a pooling.
        block: Two convolutions, or a narrow one between two that change the number of channels.
        widths: Channels inside the blocks of each stage.
        depths: The number of blocks in each stage.
        expansion: How many times more channels a bottleneck gives than it has inside; 1 for basic blocks.
        kernel: The kernel of the blocks.
        groups: The groups of a bottleneck's middle convolution.
        act: Activation.
        norm: Normalisation.
    """

    family: Literal["residual"] = "residual"
    resolution: Annotated[int, Ge(32), Le(512)]
    stem: Literal[3, 7]
    block: Literal["basic", "bottleneck"]
    widths: Annotated[tuple[Annotated[int, Ge(8), Le(1024)], ...], Len(1, 6)]
    depths: Annotated[tuple[Annotated[int, Ge(1), Le(16)], ...], Len(1, 6)]
    expansion: Annotated[int, Ge(1), Le(4)]
    kernel: Literal[3, 5]
    groups: Literal[1, 2, 4, 8]
    act: Activation
    norm: Literal["batch", "group"]

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Sizes that no network can have are refused."""
        if len(self.widths) != len(self.depths):
            raise ValueError("widths and depths are not of equally many stages")
        if self.block == "basic" and (self.expansion, self.groups) != (1, 1):
            raise ValueError("basic blocks have an expansion of 1 and 1 group")
        if any(width % self.groups for width in self.widths):
            raise ValueError("a width is no multiple of groups")
        return self

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> Self:
        bottleneck = bool(generator.random() < 0.5)
        stages, first = int(generator.integers(3, 5)), 8 * int(generator.integers(2, 9))
        growth = one_of(generator, (1.5, 1.75, 2.0), (0.25, 0.25, 0.5))
        return cls(
            resolution=int(one_of(generator, (64, 96, 128, 160, 192, 224))),
            stem=one_of(generator, (3, 7)),
            block="bottleneck" if bottleneck else "basic",
            widths=tuple(8 * round(first * growth**stage / 8) for stage in range(stages)),
            depths=tuple(int(generator.integers(1, 5)) for _ in range(stages)),
            expansion=one_of(generator, (2, 3, 4)) if bottleneck else 1,
            kernel=one_of(generator, (3, 5), (0.8, 0.2)),
            groups=one_of(generator, (1, 2, 4, 8), (0.55, 0.15, 0.15, 0.15)) if bottleneck else 1,
            act=one_of(generator, ("relu", "silu", "gelu"), (0.6, 0.2, 0.2)),
            norm=one_of(generator, ("batch", "group"), (0.8, 0.2)),
        )

    def network(self) -> nn.Module:
        width = self.widths[0]
        layers: list[nn.Module] = [convolution(3, width, self.stem, stride=2, normed=self.norm, act=self.act)]
        if self.stem == 7:
            layers.append(nn.MaxPool2d(3, 2, 1))
        for stage, (inner, depth) in enumerate(zip(self.widths, self.depths, strict=True)):
            for block in range(depth):
                layers.append(ResidualBlock(self, width, inner, 2 if stage and block == 0 else 1))
                width = inner * self.expansion
        return nn.Sequential(*layers, classifier(width, _CLASSES))

    def inputs(self) -> tuple[Tensor, ...]:
        return (torch.randn(1, 3, self.resolution, self.resolution),)


class ResidualBlock(nn.Module):
    """(B, in, H, W) -> (B, inner * expansion, H / stride, W / stride)."""

    def __init__(self, network: Residual, width_in: int, inner: int, stride: int) -> None:
        super().__init__()
        out, kernel, act = inner * network.expansion, network.kernel, network.act
        normed: Norm = network.norm
        if network.block == "basic":
            parts = [
                convolution(width_in, inner, kernel, stride=stride, normed=normed, act=act),
                convolution(inner, out, kernel, normed=normed),
            ]
        else:
            parts = [
                convolution(width_in, inner, 1, normed=normed, act=act),
                convolution(inner, inner, kernel, stride=stride, groups=network.groups, normed=normed, act=act),
                convolution(inner, out, 1, normed=normed),
            ]
        self.layers = nn.Sequential(*parts)
        changes = stride > 1 or width_in != out
        self.skip = convolution(width_in, out, 1, stride=stride, normed=normed) if changes else nn.Identity()
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.skip(x) + self.layers(x))
