"""The read-out of the latency predictors for NNLQP: a sum over nodes, and numbers of the whole architecture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archflow.encoders.inputs import attribute_features
from archflow.encoders.layers import LayerNorm, Linear, mean_pool, per_member, segment_sum
from archflow.encoders.readout import HasStates, Readout
from archflow.graph.batch import Batch

_SMALL = 0.01
"""NN-Former's factor, which keeps the sum over many nodes stable."""


class Refined(nn.Module):
    """y_v = 0.01 (LN(x_v) + W2 ReLU(W1 x_v)), with 2d hidden entries: the terms of NN-Former's sum."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm, self.hidden, self.out = LayerNorm(dim), Linear(dim, 2 * dim), Linear(2 * dim, dim)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, d) -> (V, d)."""
        own = per_member(lambda values: self.out(torch.relu(self.hidden(values))), x, batch)
        return _SMALL * (self.norm(x, batch) + own)


class SumAndTotals(Readout):
    """W [sum over nodes of x_v || ReLU(U t)] + b.

    t is the mean over nodes of their `attribute_features`. An attribute that is the same for all nodes of an
    architecture, such as the total multiply-adds, parameters, bytes and batch of `archflow.graph.totals`, keeps its
    value: these are the published static features. The published models concatenate the two and let the head multiply
    them, which is the same function.

    Args:
        dim: Width of states and embedding.
        n_attributes: Number of node attributes that the encoder reads; with 0 there is no second part.
        refined: Whether nodes pass through `Refined` before they are summed.
    """

    def __init__(self, dim: int, n_attributes: int, refined: bool = False) -> None:
        super().__init__()
        self.n_attributes = n_attributes
        self.refined = Refined(dim) if refined else None
        self.of_sum = Linear(dim, dim)
        self.totals = Linear(2 * n_attributes, dim) if n_attributes else None
        self.of_totals = Linear(dim, dim, bias=False) if n_attributes else None

    def forward(self, encoder: HasStates, batch: Batch) -> Tensor:
        """(B, d)."""
        x = encoder.states(batch)
        if self.refined is not None:
            x = self.refined(x, batch)
        summed = segment_sum(x, batch.node_ptr)
        embedding = self.of_sum(summed.view(batch.members, -1, summed.shape[1]))
        if self.totals is not None and self.of_totals is not None:
            totals = mean_pool(attribute_features(batch, self.n_attributes, x.dtype), batch)
            hidden = torch.relu(self.totals(totals.view(batch.members, -1, totals.shape[1])))
            embedding = embedding + self.of_totals(hidden)
        return embedding.flatten(0, 1)
