"""FlowerFormer: a Transformer with message passing that follows the flow of data, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import additive_mask, attend
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import pair_words
from archflow.encoders.flow_gru import FlowGRU
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import BatchNorm, Linear
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded
from archflow.graph.ragged import Ints, pointer


class PathAttention(nn.Module):
    """Multi-head attention between the nodes that a directed path connects, in either direction.

    No node attends to itself. A node that lies on no path to any other gets the zero vector before the output
    projection.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query_key_value = Linear(dim, 3 * dim, bias=False)
        self.mix = Linear(dim, dim)

    def forward(self, x: Tensor, batch: Batch, masks: Sequence[Tensor]) -> Tensor:
        """(K, S, d) -> (K, S, d), by position of the batch's layout by level.

        Args:
            x: (K, S, d) states.
            batch: The batch.
            masks: The `additive_mask` of each of `batch.padded.parts`.
        """
        rows, parts, p = batch.leveled_rows, batch.padded.parts, self.dropout if self.training else 0.0
        words = pair_words(batch.padded, self.heads) if p > 0 else None
        each = zip(rows.gather(self.query_key_value(x)), masks, parts, strict=True)
        attended = [self._attend(projected, mask, part, p, words) for projected, mask, part in each]
        if batch.isolated is not None:
            each = zip(attended, parts, strict=True)
            attended = [y.masked_fill(part.gather(batch.isolated)[..., None], 0) for y, part in each]
        return self.mix(rows.scatter(attended))

    def _attend(self, projected: Tensor, mask: Tensor, rows: Padded, p: float, words: Tensor | None) -> Tensor:
        """(R, L, 3d) queries, keys and values of one padded part -> (R, L, d)."""
        shape = (*projected.shape[:2], 3, self.heads, projected.shape[2] // (3 * self.heads))
        query, key, value = projected.view(shape).permute(2, 0, 3, 1, 4)  # (R, heads, L, d / heads) each
        return attend(query, key, value, mask, p, rows, words).transpose(1, 2).flatten(2)


class FlowerLayer(nn.Module):
    """h <- BN(h + ReLU(flow)) + BN(h + attention), then h <- BN(h + perceptron(h)).

    flow: a forward pass along the edges from h, then a backward pass from the resulting states.
    """

    def __init__(self, dim: int, heads: int, attention_dropout: float) -> None:
        super().__init__()
        self.forth, self.back = FlowGRU(dim), FlowGRU(dim)
        self.attention = PathAttention(dim, heads, attention_dropout)
        self.norm_flow, self.norm_attention, self.norm = BatchNorm(dim), BatchNorm(dim), BatchNorm(dim)
        self.hidden, self.out = Linear(dim, 2 * dim), Linear(2 * dim, dim)

    def forward(self, x: Tensor, batch: Batch, masks: Sequence[Tensor]) -> Tensor:
        """(K, S, d) -> (K, S, d). masks: as `PathAttention` takes them."""
        there = batch.leveled.mask
        x = self.norm_flow(x + torch.relu(self.flow(x, batch)), there) + self.norm_attention(
            x + self.attention(x, batch, masks), there
        )
        return self.norm(x + self.out(torch.relu(self.hidden(x))), there)

    def flow(self, x: Tensor, batch: Batch) -> Tensor:
        """(K, S, d) -> (K, S, d): the forward pass, then the backward pass."""
        layout = batch.leveled
        return self.back(self.forth(x, layout), layout, backward=True)


@ENCODERS.register("flowerformer")
class FlowerFormer(Encoder):
    """FlowerFormer (Hwang et al., CVPR 2024), the version for one graph.

    x = one-hot(op) W, batch-normalised, ReLU, rows of length one; then `depth` layers (`FlowerLayer`).

    A node receives messages from all predecessors, as in the equations. In the released code, edge masks appear to drop
    skip edges from the last message of a node; that is not reproduced.

    Attention is computed separately for groups of architectures of about the same size (`Padded.parts`), so that one
    large architecture does not pad the others of its batch.

    For two cells (NAS-Bench-301) see `archflow.encoders.flowerformer_two_cell`; this encoder reads them too, connected
    or not.

    Args:
        width, depth: 64 and 9 for NAS-Bench-101 and -201, 128 and 6 for NAS-Bench-ASR, 256 and 4 for NAS-Bench-Graph.
        attention_dropout: 0.5; 0.1 for NAS-Bench-ASR, 0.4 for NAS-Bench-Graph.

    Raises:
        ArchflowError: If `heads` does not divide `width`.
    """

    stackable = True
    layer: ClassVar[type[FlowerLayer]] = FlowerLayer

    def __init__(
        self,
        n_ops: int,
        width: int = 64,
        depth: int = 9,
        heads: int = 8,
        attention_dropout: float = 0.5,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % heads:
            raise ArchflowError(f"flowerformer: width {width} must be a multiple of its {heads} heads")
        self.operations, self.inputs = Linear(n_ops, width, bias=False), NodeInput(n_attributes, width)
        self.norm = BatchNorm(width)
        self.layers = nn.ModuleList(self.layer(width, heads, attention_dropout) for _ in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        layout = batch.leveled
        x = self.inputs(self.operations.weight, batch).leveled
        x = F.normalize(torch.relu(self.norm(x, layout.mask)), dim=-1)
        masks = [additive_mask(connected[:, None], x.dtype) for connected in batch.connected_parts]
        for layer in self.layers:
            x = layer(x, batch, masks)
        return layout.scatter(x)

    def memory(self, sizes: Ints, training: bool) -> int:
        """As `Encoder.memory`, for groups of architectures of about the same size."""
        parts = Padded(pointer(sizes), torch.device("cpu")).parts
        return self.pair_bytes(training) * sum(rows * length**2 for rows, length in (part.shape for part in parts))
