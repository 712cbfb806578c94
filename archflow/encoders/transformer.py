"""A plain Transformer on the nodes of an architecture."""

from __future__ import annotations

from torch import Tensor, nn

from archflow.encoders.attention import TransformerLayer, by_node, by_place, padding_mask
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear, sinusoids
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


@ENCODERS.register("transformer")
class Transformer(Encoder):
    """The Transformer of FGP's table 13; its details are not published, these are ours.

    A node's input is the embedding of its operation plus the sinusoidal encoding (Vaswani et al. 2017, section 3.5) of
    its topological level, which does not depend on how nodes are numbered. Edges have no other influence.

    Raises:
        ArchflowError: If `width` is not a multiple of twice `heads`.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        heads: int = 4,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % (2 * heads):
            raise ArchflowError(f"transformer: width {width} must be a multiple of twice its {heads} heads")
        self.operations, self.inputs = Linear(n_ops, width), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, width // heads, 2 * width, dropout) for _ in range(depth)
        )
        self.norm = LayerNorm(width)
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = self.operations.weight + self.operations.bias[:, None]  # type: ignore[index]
        x = self.inputs(table, batch).padded + by_place(sinusoids(batch.level, self.dim), batch)
        mask = padding_mask(batch, x.dtype)
        for layer in self.layers:
            x = layer(x, mask, batch.padded)
        return by_node(self.norm(x), batch)
