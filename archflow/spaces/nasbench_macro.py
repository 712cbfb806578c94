"""The NAS-Bench-Macro search space: eight layers, each an identity or one of two mobile blocks.

Source: Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021.
"""

from __future__ import annotations

from archflow.spaces.base import SPACES
from archflow.spaces.chain import ChainSpace, Stage

BLOCKS = {"identity": {}, "mb3_k3": {"kernel": 3, "expansion": 3}, "mb6_k5": {"kernel": 5, "expansion": 6}}
"""The blocks in the order of their digits in native strings, with their attributes."""
DIGITS = {block: str(digit) for digit, block in enumerate(BLOCKS)}


@SPACES.register("nasbench_macro")
class NASBenchMacro(ChainSpace):
    """3 ** 8 = 6,561 chains of 3,969 networks; a native string has one digit per layer, `01201222`.

    The stages have two, three and three layers, whose first layers halve the resolution and double the width; an
    identity in such a position is a strided 1x1 convolution.
    """

    name = "nasbench_macro"
    stages = tuple(
        Stage(tuple(BLOCKS), (depth, depth), {"channels": channels, "stride": 1}, first={"stride": 2})
        for depth, channels in ((2, 64), (3, 128), (3, 256))
    )
    plain_names = dict.fromkeys(("mb3_k3", "mb6_k5"), "mbconv")
    operation_attributes = BLOCKS
    spelling = DIGITS
    separator = ""
    identity = "identity"
