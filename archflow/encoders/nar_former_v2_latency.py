"""NAR-Former V2 as published for latency."""

from __future__ import annotations

from torch import Tensor, nn

from archflow.encoders.attention import by_node, directions
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import Linear
from archflow.encoders.nar_former_v2 import NARFormerV2Layer
from archflow.encoders.summed import SumAndTotals
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


@ENCODERS.register("nar_former_v2_latency")
class NARFormerV2Latency(Encoder):
    """NAR-Former V2 (Yi et al., NeurIPS 2023) with the settings of its released code for NNLQP.

    `depth` layers of `NARFormerV2` on operations and attributes alone, without positions, and the read-out
    `SumAndTotals`. The input layer that all encoders share maps the operation and the standardised attributes, instead
    of sines and cosines of each number. The objective is `relative_squared`.

    Args:
        width, depth: 512 and 2.

    Raises:
        ArchflowError: If `groups` does not divide `width`.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 512,
        depth: int = 2,
        groups: int = 8,
        dropout: float = 0.05,
        n_attributes: int = 0,
    ) -> None:
        super().__init__()
        self.pair_layers = depth
        if width % groups:
            raise ArchflowError(f"nar_former_v2_latency: width {width} must be a multiple of its {groups} groups")
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(NARFormerV2Layer(width, width, groups, dropout) for _ in range(depth))
        self.readout = SumAndTotals(width, n_attributes)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        x = self.inputs(table, batch).padded
        forth, back = directions(batch, x)
        for layer in self.layers:
            x = layer(x, forth + back, batch.padded)
        return by_node(x, batch)
