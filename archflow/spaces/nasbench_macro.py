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
    """3 ** 8 = 6,561 chains of 3,969 networks; a native string is a digit a layer, `01201222`.

    The layers are stages of two, three and three, whose first layers halve the resolution and double the width: there
    an identity is a strided 1x1 convolution.
    """

    name = "nasbench_macro"
    stages = tuple(Stage(tuple(BLOCKS), depth=(depth, depth)) for depth in (2, 3, 3))
    operation_attributes = BLOCKS
    spelling = DIGITS
    separator = ""
    identity = "identity"
