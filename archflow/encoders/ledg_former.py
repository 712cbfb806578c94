"""LeDG-Former: a Transformer whose nodes are described in words and attend to their closest relatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS
from archflow.encoders.described_operations import DescribedOperations
from archflow.encoders.dropout import dropout, relu_dropout
from archflow.encoders.layers import LayerNorm, Linear, by_member, per_member
from archflow.encoders.readout import make_readout
from archflow.encoders.sparse_attention import Relation, attend_related, family
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch

MASKS = 3
"""Relations: a node itself and its children; its parents; its grandparents."""


class LeDGLayer(nn.Module):
    """x <- x + W_o sum_m p_m softmax(Q K^T / sqrt(e) among relation m) V, then x <- x + perceptron(x); pre-norm.

    Q, K and V are those of all relations. p is the softmax of a learned logit per relation.
    """

    def __init__(self, dim: int, heads: int, masks: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before_attention, self.before_perceptron = LayerNorm(dim), LayerNorm(dim)
        self.query_key_value, self.mix = Linear(dim, 3 * dim), Linear(dim, dim)
        self.hidden, self.out = Linear(dim, 2 * dim), Linear(2 * dim, dim)
        self.logits = nn.Parameter(torch.zeros(1, masks)) if masks > 1 else None

    def forward(self, x: Tensor, relations: tuple[Relation, ...], batch: Batch) -> Tensor:
        """(V, d) -> (V, d)."""
        projected = per_member(self.query_key_value, self.before_attention(x, batch), batch)
        query, key, value = projected.view(len(x), 3, self.heads, x.shape[1] // self.heads).unbind(
            1
        )  # (V, heads, e) each
        parts = [attend_related(query, key, value, relation).flatten(1) for relation in relations]
        if self.logits is None:
            attended = parts[0]
        else:
            weights = by_member(torch.softmax(self.logits, 1), batch)  # (V, masks) or (1, masks)
            attended = torch.stack([part * weights[:, m, None] for m, part in enumerate(parts)]).sum(0)
        x = x + self._drop(per_member(self.mix, attended, batch), batch)
        hidden = per_member(self.hidden, self.before_perceptron(x, batch), batch)
        return x + self._drop(
            per_member(self.out, relu_dropout(hidden, self.dropout, self.training, batch), batch), batch
        )

    def _drop(self, x: Tensor, batch: Batch) -> Tensor:
        return dropout(x, self.dropout, self.training, batch)


@ENCODERS.register("ledg_former")
class LeDGFormer(DescribedOperations):
    """LeDG-Former (arXiv 2506.07735), as far as it is published; `docs/ledg-former.md` lists archflow's own choices.

    x = W t(op) + attributes, `depth` layers (`LeDGLayer`), LN(x). With `text`, t(op) is a frozen sentence encoder's
    vector of the operation's description; otherwise it is a learned embedding. Memory is linear in the pairs of
    relatives.

    Args:
        masks: 1 for a node itself and its children, 2 for parents as well, 3 for grandparents as well.
        text: Whether operations are represented by their descriptions, which `describe` sets.

    Raises:
        ArchflowError: If `heads` does not divide `width`.
    """

    stackable = True
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {**DescribedOperations.bounds, "masks": (1, MASKS)}

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        masks: int = MASKS,
        dropout: float = 0.1,
        text: bool = False,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__(n_ops, width, text, n_attributes)
        if width % heads:
            raise ArchflowError(f"ledg_former: width {width} must be a multiple of its {heads} heads")
        self.masks = masks
        self.layers = nn.ModuleList(LeDGLayer(width, heads, masks, dropout) for _ in range(depth))
        self.after = LayerNorm(width)
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.inputs(self.table(), batch).values
        relations = family(batch)[: self.masks]
        for layer in self.layers:
            x = layer(x, relations, batch)
        return self.after(x, batch)
