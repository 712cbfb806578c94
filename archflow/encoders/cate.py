"""CATE's encoder: a Transformer in which a node attends to what depends on it."""

from __future__ import annotations

import math

from torch import Tensor, nn

from archflow.encoders.attention import TransformerLayer, additive_mask, by_node
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


@ENCODERS.register("cate")
class CATE(Encoder):
    """The encoder of CATE (Yan et al., ICML 2021), without the pairs and the cross-attention of its pre-training.

    x = sqrt(d) embedding(op), `depth` pre-norm Transformer layers in which v attends to u if a directed path leads from
    v to u, and LN. The graph's structure enters through that mask alone. The embedding is the mean over the outputs; a
    network with an output node has just this one.

    A sink reaches no node; it attends to all nodes of its architecture. In the released code its scores are all equal,
    so that it averages over all positions including padding, and NAS-Bench-101 cells of fewer than seven nodes are read
    out at a padded position. Ours weights real nodes by their scores and reads the true output.

    Args:
        width, depth: 64 and 12 for NAS-Bench-101 and -301.

    Raises:
        ArchflowError: If `heads` does not divide `width`.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 64,
        depth: int = 12,
        heads: int = 8,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "outputs",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % heads:
            raise ArchflowError(f"cate: width {width} must be a multiple of its {heads} heads")
        self.operations, self.inputs = Linear(n_ops, width, bias=False), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, width // heads, 2 * width, dropout) for _ in range(depth)
        )
        self.norm = LayerNorm(width)
        self.readout = make_readout(readout, width)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = math.sqrt(self.dim) * self.inputs(self.operations.weight, batch).padded
        reaches = batch.reachable
        attends = reaches | (~reaches.any(2, keepdim=True) & batch.padded.mask[:, None])
        mask = additive_mask(attends[:, None], x.dtype)
        for layer in self.layers:
            x = layer(x, mask, batch.padded)
        return by_node(self.norm(x), batch)
