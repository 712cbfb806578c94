"""A plain Transformer on the nodes of an architecture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.layers import LayerNorm, Linear, dropout, per_member, sinusoids, table_rows
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


class TransformerLayer(nn.Module):
    """Attention over all nodes of the architecture, then a perceptron; normalisation before each (pre-norm)."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before_attention, self.before_perceptron = LayerNorm(dim), LayerNorm(dim)
        self.query_key_value, self.mix = Linear(dim, 3 * dim), Linear(dim, dim)
        self.hidden, self.out = Linear(dim, 2 * dim), Linear(2 * dim, dim)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, d) -> (V, d)."""
        x = x + self._drop(per_member(self.mix, self._attend(self.before_attention(x, batch), batch), batch))
        hidden = torch.relu(per_member(self.hidden, self.before_perceptron(x, batch), batch))
        return x + self._drop(per_member(self.out, hidden, batch))

    def _attend(self, x: Tensor, batch: Batch) -> Tensor:
        nodes = batch.padded
        projected = nodes.gather(per_member(self.query_key_value, x, batch))  # (B, L, 3d)
        shape = (*nodes.mask.shape, self.heads, x.shape[1] // self.heads)
        query, key, value = (part.reshape(shape).transpose(1, 2) for part in projected.chunk(3, -1))
        mask = None if nodes.is_full else nodes.mask[:, None, None]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return nodes.scatter(attended.transpose(1, 2).flatten(2))

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training)


@ENCODERS.register("transformer")
class Transformer(Encoder):
    """The Transformer of FGP's table 13, whose details are not published; ours are these.

    A node enters as the embedding of its operation plus the sinusoidal encoding (Vaswani et al. 2017, section 3.5) of
    its topological level, which does not depend on how nodes are numbered. Edges are not seen otherwise.

    Raises ArchflowError if `heads` does not divide `width` twice.
    """

    stackable = True

    def __init__(self, n_ops: int, width: int = 128, depth: int = 3, heads: int = 4, dropout: float = 0.1) -> None:
        super().__init__()
        if width % (2 * heads):
            raise ArchflowError(f"transformer: width {width} must be a multiple of twice its {heads} heads")
        self.config = {"n_ops": n_ops, "width": width, "depth": depth, "heads": heads, "dropout": dropout}
        self.n_ops, self.dim, self.width = n_ops, width, width
        self.operations = Linear(n_ops, width)
        self.layers = nn.ModuleList(TransformerLayer(width, heads, dropout) for _ in range(depth))
        self.norm = LayerNorm(width)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        table = (self.operations.weight + self.operations.bias[:, None]).view(-1, self.dim)  # type: ignore[index]
        x = F.embedding(table_rows(batch, self.n_ops), table) + sinusoids(batch.level, self.dim)
        for layer in self.layers:
            x = layer(x, batch)
        return self.norm(x, batch)
