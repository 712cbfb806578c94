"""Building blocks of encoders with attention: heads, perceptrons, and node states in a padded layout.

States are (K, S, d): K ensemble members with S positions each. Every architecture has as many positions as the largest
one has nodes (`Batch.padded`). States at positions without a node are finite, and no node attends to them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from archflow.encoders.dropout import dropout, pair_dropout, relu_dropout
from archflow.encoders.layers import LayerNorm, Linear
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded


def by_place(values: Tensor, batch: Batch) -> Tensor:
    """(V, d) by node -> (K, S, d) by padded position."""
    return batch.padded.gather(values).view(batch.members, -1, values.shape[1])


def by_node(values: Tensor, batch: Batch) -> Tensor:
    """(K, S, d) by padded position -> (V, d) by node."""
    return batch.padded.scatter(values.reshape(*batch.padded.shape, values.shape[2]))


def padding_mask(batch: Batch, dtype: torch.dtype) -> Tensor:
    """Additive attention mask that lets every node attend to every real node of its own graph."""
    return additive_mask(batch.padded.mask[:, None, None], dtype)


def additive_mask(attends: Tensor, dtype: torch.dtype) -> Tensor:
    """Additive mask: 0 where attention is allowed, the dtype's minimum where it is not; made once for all layers.

    Args:
        attends: Bool, whether a query attends to a key; broadcasts to (B, heads, q, n).
        dtype: The type of the scores.

    Returns:
        A tensor that broadcasts to (B, n, heads, q), as `attend` takes it.
    """
    nothing = torch.zeros((), dtype=dtype, device=attends.device)
    return torch.where(attends.permute(0, 3, 1, 2).contiguous(), nothing, torch.finfo(dtype).min)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    dropout_p: float = 0.0,
    rows: Padded | None = None,
    words: Tensor | None = None,
) -> Tensor:
    """softmax(Q K^T / sqrt(e)) V over the positions that each query attends to.

    Args:
        query: (B, heads, q, e).
        key, value: (B, heads, n, e).
        mask: An `additive_mask`. A query that may attend to nothing gets the mean of all values.
        dropout_p: Dropout rate of the attention weights.
        rows, words: As `pair_dropout` takes them.

    Returns:
        (B, heads, q, e).
    """
    scores = (key @ query.transpose(2, 3)).transpose(1, 2).contiguous()
    return weigh(torch.add(mask, scores, alpha=1 / math.sqrt(query.shape[3])), value, dropout_p, rows, words)


def weigh(
    scores: Tensor, value: Tensor, dropout_p: float = 0.0, rows: Padded | None = None, words: Tensor | None = None
) -> Tensor:
    """Means of values, weighted by the softmax of scores.

    Keys come first in the scores, then heads and queries: this lets a CPU vectorise the softmax across these, instead
    of along a row of few keys.

    Args:
        scores: (B, n, heads, q).
        value: (B, heads, n, e).
        dropout_p, rows, words: As `attend` takes them.

    Returns:
        (B, heads, q, e).
    """
    shares = torch.softmax(scores, 1)
    if dropout_p > 0:
        assert rows is not None, "dropout of attention weights takes the rows whose nodes attend"
        shares = pair_dropout(shares, dropout_p, True, rows, words)
    return shares.transpose(1, 2).contiguous().transpose(2, 3) @ value


class AttentionHeads(nn.Module):
    """softmax(Q K^T / sqrt(e)) V over the positions that the mask allows, with all heads concatenated.

    dropout: rate for the attention weights.
    """

    def __init__(self, dim: int, heads: int, head_width: int, *, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query_key_value = Linear(dim, 3 * heads * head_width, bias)

    def forward(self, x: Tensor, mask: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, d) -> (K, S, heads * e). mask: `additive_mask`, (B, L, ...). rows: the padded layout, for dropout."""
        projected = self.query_key_value(x)
        width = projected.shape[2] // 3
        shape = (*mask.shape[:2], 3, self.heads, width // self.heads)
        query, key, value = projected.view(shape).permute(2, 0, 3, 1, 4)  # (B, heads, L, e) each
        attended = attend(query, key, value, mask, self.dropout if self.training else 0.0, rows)
        return attended.transpose(1, 2).reshape(*x.shape[:2], width)


class Perceptron(nn.Module):
    """y = W2 ReLU(W1 x + b1) + b2, with dropout after the ReLU."""

    def __init__(self, dim: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden, self.out, self.dropout = Linear(dim, hidden), Linear(hidden, dim), dropout

    def forward(self, x: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d). rows: the padded layout, for dropout; None if every row counts."""
        return self.out(relu_dropout(self.hidden(x), self.dropout, self.training, rows))


class TransformerLayer(nn.Module):
    """x <- x + W_o heads(LN(x)), then x <- x + perceptron(LN(x)), with dropout on both residual branches."""

    def __init__(self, dim: int, heads: int, head_width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.before_attention, self.before_perceptron = LayerNorm(dim), LayerNorm(dim)
        self.attention, self.mix = AttentionHeads(dim, heads, head_width), Linear(heads * head_width, dim)
        self.perceptron = Perceptron(dim, hidden)

    def forward(self, x: Tensor, mask: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, d) -> (K, S, d). mask: `additive_mask`. rows: the padded layout, for dropout."""
        x = self._drop(self.mix(self.attention(self.before_attention(x), mask)), rows).add_(x)
        return self._drop(self.perceptron(self.before_perceptron(x)), rows).add_(x)

    def _drop(self, x: Tensor, rows: Padded | None) -> Tensor:
        return dropout(x, self.dropout, self.training, rows)


def directions(batch: Batch, like: Tensor) -> tuple[Tensor, Tensor]:
    """The adjacency A, with A_uv = 1 for an edge u -> v, and its transpose A^T: (B, L, L) each, of the dtype of `like`.

    A x sums over a node's successors, A^T x over its predecessors.
    """
    forth = batch.dense_edges.to(like.dtype)
    return forth, forth.transpose(1, 2)


def neighbour_sum(adjacency: Tensor, x: Tensor) -> Tensor:
    """(B, L, L) times (K, S, d) -> (K, S, d)."""
    return torch.bmm(adjacency, x.view(*adjacency.shape[:2], x.shape[2])).view(x.shape)
