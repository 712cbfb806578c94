"""NN-Former as published for latency."""

from __future__ import annotations

from torch import Tensor, nn

from archflow.encoders.attention import additive_mask, by_node, directions
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import Linear
from archflow.encoders.nn_former import HEADS, NNFormerLayer, relatives
from archflow.encoders.summed import SumAndTotals
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


@ENCODERS.register("nn_former_latency")
class NNFormerLatency(Encoder):
    """NN-Former (Xu et al., CVPR 2025) with the settings of its released code for NNLQP.

    `depth` layers of `NNFormer` whose residual branches are multiplied by learned scales, initially 1e-4, without
    normalisation, and the read-out `SumAndTotals` of refined nodes. The input layer that all encoders share maps the
    operation and the standardised attributes, instead of sines and cosines of each number. Linear layers are
    initialised like all of archflow's, not as by He et al. The objective is `consistent_relative`.

    Args:
        width, depth: 512 and 2.

    Raises:
        ArchflowError: If the number of heads, four, does not divide `width`.
    """

    stackable = True

    def __init__(
        self, n_ops: int, width: int = 512, depth: int = 2, dropout: float = 0.05, n_attributes: int = 0
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, HEADS
        if width % HEADS:
            raise ArchflowError(f"nn_former_latency: width {width} must be a multiple of its {HEADS} heads")
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(NNFormerLayer(width, dropout, scaled=True) for _ in range(depth))
        self.readout = SumAndTotals(width, n_attributes, refined=True)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        x = self.inputs(table, batch).padded
        forth, back = directions(batch, x)
        mask = additive_mask(relatives(forth), x.dtype)
        for layer in self.layers:
            x = layer(x, mask, forth, back, batch.padded)
        return by_node(x, batch)
