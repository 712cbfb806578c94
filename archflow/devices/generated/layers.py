"""Layers that the families of images share."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Activation = Literal["relu", "relu6", "hard_swish", "silu", "gelu"]
Norm = Literal["batch", "group", "layer", "rms"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hard_swish": nn.Hardswish,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
}


def activation(name: Activation) -> nn.Module:
    """An activation by name."""
    return _ACTIVATIONS[name]()


def norm(name: Norm, width: int) -> nn.Module:
    """A normalisation of so many channels; groups have eight of them."""
    match name:
        case "batch":
            return nn.BatchNorm2d(width)
        case "group":
            return nn.GroupNorm(max(1, width // 8), width)
        case "layer":
            return nn.LayerNorm(width)
        case "rms":
            return nn.RMSNorm(width)


def convolution(
    width_in: int,
    width_out: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    normed: Norm = "batch",
    act: Activation | None = None,
) -> nn.Sequential:
    """Convolution, normalisation and, if it is named, activation: (B, in, H, W) -> (B, out, H / stride, W / stride)."""
    layers = [
        nn.Conv2d(width_in, width_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        norm(normed, width_out),
    ]
    return nn.Sequential(*layers, *([activation(act)] if act else []))


class SqueezeExcite(nn.Module):
    """Weights every channel by what the means of all channels say: (B, C, H, W) -> (B, C, H, W).

    Source: Hu, Shen and Sun 2018.
    """

    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, squeezed, 1), nn.ReLU(), nn.Conv2d(squeezed, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.weigh(x))


def classifier(width: int, classes: int) -> nn.Sequential:
    """(B, C, H, W) -> (B, classes)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))
