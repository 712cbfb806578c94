"""The size space of NATS-Bench: the widths of five layers.

Source: Dong et al., "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size", TPAMI 2021.
"""

from __future__ import annotations

from archflow.spaces.base import SPACES
from archflow.spaces.chain import ChainSpace, Stage

WIDTHS = {f"channels_{width}": {"channels": width} for width in range(8, 65, 8)}
CHANNELS = {op: str(values["channels"]) for op, values in WIDTHS.items()}


@SPACES.register("nats_size")
class NATSSize(ChainSpace):
    """8 ** 5 = 32,768 chains; a native string lists the channels of each layer, `8:16:24:32:40`."""

    name = "nats_size"
    stages = (Stage(tuple(WIDTHS), depth=(5, 5)),)
    plain_names = dict.fromkeys(WIDTHS, "layer")
    operation_attributes = WIDTHS
    spelling = CHANNELS
    separator = ":"
