"""The Once-for-all MobileNetV3 search space: five stages of two to four mobile blocks, and an input resolution.

Source: Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020.
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.base import SPACES
from archflow.spaces.chain import ChainSpace, Stage
from archflow.spaces.native_json import read_object, shown, shown_value

STAGES = 5
KERNELS = (3, 5, 7)
EXPANSIONS = (3, 4, 6)
DEPTH = (2, 4)
RESOLUTIONS = tuple(range(128, 225, 4))
STRIDES = (2, 2, 2, 1, 2)
"""Stride of the first block of every stage."""


def _block(stage: int, kernel: int, expansion: int) -> str:
    return f"mbconv_stage{stage}_k{kernel}_e{expansion}"


_INPUTS = {f"input_r{resolution}": {"resolution": resolution} for resolution in RESOLUTIONS}
_BLOCKS = [
    {_block(stage, k, e): {"stage": stage, "kernel": k, "expansion": e} for k in KERNELS for e in EXPANSIONS}
    for stage in range(STAGES)
]
ATTRIBUTES = {op: values for table in (_INPUTS, *_BLOCKS) for op, values in table.items()}


@SPACES.register("ofa_mobilenetv3")
class OFAMobileNetV3(ChainSpace):
    """25 resolutions times (9^2 + 9^3 + 9^4)^5 chains, about 5.4e20.

    A native string is JSON: the kernels `ks` and expansions `e` of all twenty layers, four per stage, the depths `d` of
    the stages and the resolution `r`. Entries beyond the depth of a stage have no effect: `parse` accepts any kernel
    and expansion there, and 0, which is what `format` writes.
    """

    name = "ofa_mobilenetv3"
    stages = tuple(
        Stage(tuple(blocks), DEPTH, {"stride": 1}, first={"stride": stride})
        for blocks, stride in zip(_BLOCKS, STRIDES, strict=True)
    )
    inputs = tuple(_INPUTS)
    plain_names = {op: op.split("_")[0] for op in ATTRIBUTES}  # noqa: RUF012
    operation_attributes = ATTRIBUTES

    def parse(self, text: str) -> Architecture:
        fields = read_object(text, ("ks", "e", "d", "r"))
        most = DEPTH[1]
        depths = _numbers(text, "d", fields["d"], [range(DEPTH[0], most + 1)] * STAGES)
        there = [place < depth for depth in depths for place in range(most)]
        kernels = _numbers(text, "ks", fields["ks"], [KERNELS if used else (0, *KERNELS) for used in there])
        expansions = _numbers(text, "e", fields["e"], [EXPANSIONS if used else (0, *EXPANSIONS) for used in there])
        (resolution,) = _numbers(text, "r", [fields["r"]], [RESOLUTIONS])
        blocks = zip(there, kernels, expansions, strict=True)
        layers = [KERNELS.index(k) * len(EXPANSIONS) + EXPANSIONS.index(e) if used else -1 for used, k, e in blocks]
        return self._from_choices(np.array([[RESOLUTIONS.index(resolution), *layers, 0]]))[0]

    def _spelled(self, choices: NDArray[np.int64]) -> str:
        layers = choices[1:-1]
        kernel, expansion = np.divmod(layers, len(EXPANSIONS))
        return json.dumps(
            {
                "ks": np.where(layers < 0, 0, np.array(KERNELS)[kernel]).tolist(),
                "e": np.where(layers < 0, 0, np.array(EXPANSIONS)[expansion]).tolist(),
                "d": (layers.reshape(STAGES, -1) >= 0).sum(axis=1).tolist(),
                "r": RESOLUTIONS[choices[0]],
            }
        )


def _numbers(text: str, field: str, values: object, allowed: list) -> list[int]:
    """The entries of a field. Raises ArchflowError, naming the entry, for a value not allowed at its position."""
    if not isinstance(values, list) or len(values) != len(allowed):
        raise ArchflowError(f"{shown(text)}: field {field!r} is a list of {len(allowed)} whole numbers")
    for place, (value, options) in enumerate(zip(values, allowed, strict=True)):
        if type(value) is not int or value not in options:
            where = f"{field}[{place}]" if len(allowed) > 1 else field
            raise ArchflowError(
                f"{shown(text)}: {where} is {shown_value(value)}, use one of {', '.join(map(str, options))}"
            )
    return values
