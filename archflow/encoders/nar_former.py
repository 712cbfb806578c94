"""NAR-Former: an architecture as a sequence of sinusoidal tokens, fused into one vector by learned queries."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import Perceptron, TransformerLayer, additive_mask, attend
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear, NeighbourSum
from archflow.encoders.readout import Readout, make_readout
from archflow.encoders.waves import waves
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch

HEADS, HEAD_WIDTH = 6, 32
QUERIES = (4, 2, 1)
"""Number of tokens after each stage of the fusion."""
END = 100_000
"""Stands for operation, position and source in the token after the last node."""


class Fusion(nn.Module):
    """y = W_o heads(queries, LN(x)); y + perceptron(LN(y)): as many tokens as there are queries."""

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = LayerNorm(dim), LayerNorm(dim)
        self.key_value, self.mix = Linear(dim, 2 * HEADS * HEAD_WIDTH), Linear(HEADS * HEAD_WIDTH, dim)
        self.perceptron = Perceptron(dim, hidden, dropout)

    def forward(self, queries: Tensor, x: Tensor, mask: Tensor) -> Tensor:
        """Fuse tokens into as many as there are queries.

        Args:
            queries: (B, q, e).
            x: (K, (B / K) T, d) tokens.
            mask: The `additive_mask` of the tokens.

        Returns:
            (K, (B / K) q, d).
        """
        projected = self.key_value(self.before_attention(x))
        key, value = projected.view(*mask.shape[:2], 2, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        query = queries.view(*queries.shape[:2], HEADS, HEAD_WIDTH).transpose(1, 2)
        attended = attend(query, key, value, mask)
        y = self.mix(attended.transpose(1, 2).reshape(len(x), -1, HEADS * HEAD_WIDTH))
        return y + self.perceptron(self.before_perceptron(y))


@ENCODERS.register("nar_former")
class NARFormer(Encoder):
    """NAR-Former (Yi et al., CVPR 2023).

    A node's token is [waves(operation id) || waves(position) || sum of waves(position) over its predecessors], a third
    of the width each; waves(-1) stands for a missing entry. An end token follows the nodes, and a token for the depth,
    ReLU(W waves(number of nodes)). `depth` pre-norm Transformer layers (6 heads of 32) give node embeddings. The
    read-out "fusion" fuses all tokens: 4 learned queries attend to them, then 2 queries to those 4 results, then 1 to
    those 2; between stages the fused tokens attend to all tokens once more.

    Positions follow the topological level, with ties in the given order, so the embedding reads positions. The paper
    trains the invariance with a consistency loss between renumbered copies, which is not part of the encoder.

    Node attributes, which the paper does not have, are mapped and added to a node's token.

    Args:
        width, depth: 192 and 6 for every space. Entries of a token beyond a multiple of 6 are 0.

    Raises:
        ArchflowError: If `width` is odd or below 6.
    """

    stackable = True
    reads_positions = True

    def __init__(
        self,
        n_ops: int,
        width: int = 192,
        depth: int = 6,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "fusion",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, HEADS
        if width < 6 or width % 2:
            raise ArchflowError(
                f"nar_former: width {width} must be even and at least 6; its tokens are sines and cosines"
            )
        hidden = 4 * width
        self.size, self.inputs = Linear(width, width), NodeInput(n_attributes, width)
        self.layers = nn.ModuleList(TransformerLayer(width, HEADS, HEAD_WIDTH, hidden, dropout) for _ in range(depth))
        if readout == "fusion":
            self.queries = nn.ParameterList(torch.randn(1, count, HEADS * HEAD_WIDTH) for count in QUERIES)
            self.stages = nn.ModuleList(Fusion(width, hidden, dropout) for _ in QUERIES)
            self.returns = nn.ModuleList(Fusion(width, hidden, dropout) for _ in QUERIES[1:])
            self.before_return = nn.ModuleList(LayerNorm(width) for _ in QUERIES[1:])
            self.return_query = nn.ModuleList(Linear(width, HEADS * HEAD_WIDTH) for _ in QUERIES[1:])
        self.norm = LayerNorm(width)
        self.readout = make_readout(readout, width, fusion=FusedTokens)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        tokens, mask = self._tokens(batch)
        nodes = self.norm(tokens).view(*mask.shape[:2], self.dim)[:, 2:]
        return batch.padded.scatter(nodes)

    def fused(self, batch: Batch) -> Tensor:
        """(B, d) all tokens of an architecture, fused into one."""
        tokens, mask = self._tokens(batch)
        each = len(batch) // batch.members

        def learned(stage: int) -> Tensor:
            return self.queries[stage].repeat_interleave(each, 0)

        fused = self.stages[0](learned(0), tokens, mask)
        for stage, (returns, norm, query) in enumerate(
            zip(self.returns, self.before_return, self.return_query, strict=True), 1
        ):
            queries = query(norm(fused)).view(len(batch), QUERIES[stage - 1], HEADS * HEAD_WIDTH)
            all_attended = mask.new_zeros(len(batch), QUERIES[stage - 1], 1, 1)
            fused = self.stages[stage](learned(stage), returns(queries, tokens, mask), all_attended)
        return self.norm(fused).view(len(batch), self.dim)

    def _tokens(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(K, S, d) tokens after the Transformer layers, and their `additive_mask`.

        The tokens for depth and end come before the nodes of every architecture.
        """
        depth = torch.relu(self.size(waves(batch.sizes.view(batch.members, -1), self.dim // 2)))
        end = waves(batch.op.new_full((len(batch), 3), END), self.dim // 6).flatten(1)
        codes = _codes(batch, self.dim // 6)
        left = self.dim - codes.shape[1]
        nodes = batch.padded.gather(self.inputs.add_attributes(F.pad(codes, (0, left)), batch))
        fixed = torch.cat([F.pad(end, (0, left))[:, None], nodes], 1)
        x = torch.cat([depth.view(len(batch), 1, self.dim), fixed], 1).view(batch.members, -1, self.dim)
        mask = additive_mask(F.pad(batch.padded.mask, (2, 0), value=True)[:, None, None], x.dtype)
        rows = batch.padded.longer(2)
        for layer in self.layers:
            x = layer(x, mask, rows)
        return x, mask


class FusedTokens(Readout):
    """NAR-Former's read-out: learned queries attend to all tokens, including those for depth and end."""

    def forward(self, encoder: NARFormer, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings."""
        return encoder.fused(batch)


def _codes(batch: Batch, count: int) -> Tensor:
    """(V, 6 count) waves of operation, position and sources of every node."""
    position = waves(batch.rank, count)
    edges = batch.edges
    sources = NeighbourSum.apply(position, edges)
    nowhere = waves(batch.op.new_tensor(-1), count)
    sources = torch.where(edges.ptr.diff()[:, None] > 0, sources, nowhere)
    return torch.cat([waves(batch.op, count), position, sources], 1)
