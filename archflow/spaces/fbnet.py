"""The FBNet search space: 22 layers, each one of nine blocks.

Source: Wu et al., "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural Architecture Search", CVPR
2019. Kernel size `k`, expansion `e`, groups `g` of the inverted residual block; `skip` omits the layer.
"""

from __future__ import annotations

from archflow.spaces.base import SPACES
from archflow.spaces.chain import ChainSpace, Stage

BLOCKS = {
    "k3_e1": {"kernel": 3, "expansion": 1, "groups": 1},
    "k3_e1_g2": {"kernel": 3, "expansion": 1, "groups": 2},
    "k3_e3": {"kernel": 3, "expansion": 3, "groups": 1},
    "k3_e6": {"kernel": 3, "expansion": 6, "groups": 1},
    "k5_e1": {"kernel": 5, "expansion": 1, "groups": 1},
    "k5_e1_g2": {"kernel": 5, "expansion": 1, "groups": 2},
    "k5_e3": {"kernel": 5, "expansion": 3, "groups": 1},
    "k5_e6": {"kernel": 5, "expansion": 6, "groups": 1},
    "skip": {},
}
"""The blocks in the order of their numbers in native strings, with their attributes."""
CHANNELS = (16, 24, 32, 64, 112, 184, 352)
STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Output channels and stride of the first layer of each stage (table 1)."""
NUMBERS = {block: str(number) for number, block in enumerate(BLOCKS)}


@SPACES.register("fbnet")
class FBNet(ChainSpace):
    """9 ** 22 chains; a native string lists the blocks' numbers, `7,8,1,8,4,8,8,8,7,4,1,4,7,3,2,7,3,2,4,2,4,5`.

    The stages have one, five times four, and one layer; the first layer of a stage changes the shape.
    """

    name = "fbnet"
    stages = tuple(
        Stage(tuple(BLOCKS), (depth, depth), {"channels": channels, "stride": 1}, first={"stride": stride})
        for depth, channels, stride in zip((1, 4, 4, 4, 4, 4, 1), CHANNELS, STRIDES, strict=True)
    )
    plain_names = {block: "mbconv" for block in BLOCKS if block != "skip"}  # noqa: RUF012
    operation_attributes = BLOCKS
    spelling = NUMBERS
    identity = "skip"
