"""The operations of DARTS cells, and the layers that reduce the resolution between them.

Source: Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019. Every operation maps (B, C, H,
W) to (B, C, ceil(H / stride), ceil(W / stride)); stride is 1 or 2. Odd sizes are rounded up (the published networks
only have even ones).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.errors import ArchflowError


class SeparableConv(nn.Sequential):
    """ReLU, depthwise convolution, 1x1 convolution, batch normalisation; `dilation` spreads the kernel."""

    def __init__(self, channels: int, kernel: int, stride: int, dilation: int, affine: bool) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels, affine=affine),
        )


class FactorizedReduction(nn.Module):
    """Halves the resolution with two 1x1 convolutions, one on even, one on odd rows and columns; C' must be even.

    (B, C, H, W) -> (B, C', ceil(H / 2), ceil(W / 2)): ReLU, the concatenated convolutions, batch normalisation.
    """

    def __init__(self, channels_in: int, channels_out: int, affine: bool = True) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.even = nn.Conv2d(channels_in, channels_out // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(channels_in, channels_out // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(channels_out, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        height, width = x.shape[2:]
        # An odd size has one odd row fewer than even rows: zeros replace it.
        shifted = functional.pad(x, (0, width % 2, 0, height % 2))[:, :, 1:, 1:]
        return self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))


class Zero(nn.Module):
    """The operation `none`: zeros with the output shape of an operation of this stride."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])


def _separable(channels: int, kernel: int, stride: int, affine: bool) -> nn.Module:
    return nn.Sequential(
        SeparableConv(channels, kernel, stride, 1, affine), SeparableConv(channels, kernel, 1, 1, affine)
    )


def _pooling(pool: nn.Module, channels: int, affine: bool) -> nn.Module:
    return pool if affine else nn.Sequential(pool, nn.BatchNorm2d(channels, affine=False))


def _skip(channels: int, stride: int, affine: bool) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduction(channels, channels, affine)


def _average(channels: int, stride: int, affine: bool) -> nn.Module:
    return _pooling(nn.AvgPool2d(3, stride, padding=1, count_include_pad=False), channels, affine)


OPERATIONS: dict[str, Callable[[int, int, bool], nn.Module]] = {
    "none": lambda channels, stride, affine: Zero(stride),
    "max_pool_3x3": lambda channels, stride, affine: _pooling(nn.MaxPool2d(3, stride, padding=1), channels, affine),
    "avg_pool_3x3": _average,
    "skip_connect": _skip,
    "sep_conv_3x3": lambda channels, stride, affine: _separable(channels, 3, stride, affine),
    "sep_conv_5x5": lambda channels, stride, affine: _separable(channels, 5, stride, affine),
    "dil_conv_3x3": lambda channels, stride, affine: SeparableConv(channels, 3, stride, 2, affine),
    "dil_conv_5x5": lambda channels, stride, affine: SeparableConv(channels, 5, stride, 2, affine),
}
"""name -> module of (channels, stride, affine)."""


def make_operation(name: str, channels: int, stride: int, affine: bool) -> nn.Module:
    """Build the module of a named operation.

    With `affine` it is that of the trained network: normalisation has a learnt scale and shift, pooling is not
    normalised. Without, it is that of the search: normalisation has no parameters, and pooling is normalised too.

    Raises:
        ArchflowError: If the name is not one of `OPERATIONS`.
    """
    if name not in OPERATIONS:
        raise ArchflowError(f"unknown operation {name!r}: use one of {', '.join(OPERATIONS)}")
    return OPERATIONS[name](channels, stride, affine)
