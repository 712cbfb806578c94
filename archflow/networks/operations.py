"""The operations of NAS-Bench-201 and the residual block between its stages.

Source: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020. Every
operation maps (B, C, H, W) to (B, C, H, W).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from archflow.errors import ArchflowError

ZEROIZE = "none"


class ReluConvBatchNorm(nn.Sequential):
    """ReLU, convolution without bias, batch normalisation (learnt scale and shift, eps 1e-5, momentum 0.1)."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels_out),
        )


class ResidualReduction(nn.Module):
    """Residual block that halves the resolution: (B, C, H, W) -> (B, C', ceil(H / 2), ceil(W / 2)).

    The shortcut is average pooling and a 1x1 convolution, as published. Odd heights and widths are rounded up on both
    branches (the published network only has even ones).
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.first = ReluConvBatchNorm(channels_in, channels_out, 3, stride=2)
        self.second = ReluConvBatchNorm(channels_out, channels_out, 3)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, stride=2, ceil_mode=True, count_include_pad=False),
            nn.Conv2d(channels_in, channels_out, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.second(self.first(x))


OPERATIONS: dict[str, Callable[[int], nn.Module]] = {
    "skip_connect": lambda channels: nn.Identity(),
    "nor_conv_1x1": lambda channels: ReluConvBatchNorm(channels, channels, 1),
    "nor_conv_3x3": lambda channels: ReluConvBatchNorm(channels, channels, 3),
    "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
}


def make_operation(name: str, channels: int) -> nn.Module:
    """Build the module of a named operation on `channels` channels; `none` has no module, since its edge is omitted.

    Raises:
        ArchflowError: If the name is not one of `OPERATIONS`.
    """
    if name not in OPERATIONS:
        raise ArchflowError(f"unknown operation {name!r}: use one of {', '.join([ZEROIZE, *OPERATIONS])}")
    return OPERATIONS[name](channels)
