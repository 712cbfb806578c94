"""Read-outs, which pool the states of an architecture's nodes into its embedding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.layers import Linear, mean_pool, per_member, segment_sum
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


class HasStates(Protocol):
    """The part of an encoder's interface that a read-out of node states needs."""

    def states(self, batch: Batch) -> Tensor:
        """(V, d) node states."""
        ...


class Readout(nn.Module, ABC):
    """Computes the embedding of each architecture.

    `Encoder.embed` calls it. The read-outs here pool node states, and work with every encoder that has them
    (`NodeReadout`); an encoder's own read-out is in the encoder's file and may read anything from the encoder.
    """

    @abstractmethod
    def forward(self, encoder: nn.Module, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings. encoder: the `Encoder` that it belongs to."""


class NodeReadout(Readout):
    """Pools the states of an architecture's nodes."""

    @abstractmethod
    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, d) node states -> (B, d) architecture embeddings."""

    def forward(self, encoder: HasStates, batch: Batch) -> Tensor:
        return self.pool(encoder.states(batch), batch)


class Mean(NodeReadout):
    """The mean over an architecture's nodes, which is independent of their number."""

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        return mean_pool(x, batch)


class Sum(NodeReadout):
    """The sum over an architecture's nodes, which grows with their number."""

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        return segment_sum(x, batch.node_ptr)


class LogSum(NodeReadout):
    """log sum over nodes of softplus(x_v), entry by entry.

    Each node has positive costs, which are added; the embedding holds their logarithms. A linear head on it multiplies
    powers of costs.
    """

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        return torch.log(segment_sum(F.softplus(x), batch.node_ptr))


class Outputs(NodeReadout):
    """The mean over the outputs of an architecture, that is, its nodes without successors."""

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        return masked_mean(x, batch.edges.source_ptr.diff() == 0, batch)


class WithPredecessor(NodeReadout):
    """The mean over the nodes with predecessors, or over all nodes if there are none."""

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        return masked_mean(x, batch.edges.ptr.diff() > 0, batch)


class Attention(NodeReadout):
    """The mean over an architecture's nodes, weighted by the softmax of a learned score w . x_v."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = Linear(dim, 1, bias=False)  # a bias would cancel

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        rows = batch.padded
        scores = rows.gather(per_member(self.score, x, batch)[:, 0])  # (B, L)
        weights = torch.softmax(scores.masked_fill(~rows.mask, -torch.inf), 1)
        return segment_sum(x * rows.scatter(weights)[:, None], batch.node_ptr)


def masked_mean(x: Tensor, chosen: Tensor, batch: Batch) -> Tensor:
    """(V, d) node states -> (B, d) mean over the chosen nodes (V,), or over all nodes if none is chosen."""
    mask = chosen.to(x.dtype)[:, None]
    share = mean_pool(mask, batch)
    nowhere = (share == 0).to(x.dtype)
    return mean_pool(x * (mask + nowhere[batch.graph]), batch) / (share + nowhere)


def make_readout(name: str, dim: int, **own: Callable[[], Readout]) -> Readout:
    """Make a read-out by name.

    Args:
        name: "mean", "sum", "log_sum", "outputs", "attention", or one of `own`.
        dim: Width of the node states.
        own: The encoder's own read-outs, by name.

    Raises:
        ArchflowError: If there is no read-out of that name.
    """
    parts = {
        "mean": Mean,
        "sum": Sum,
        "log_sum": LogSum,
        "outputs": Outputs,
        "attention": lambda: Attention(dim),
        **own,
    }
    if name not in parts:
        raise ArchflowError(f"unknown readout {name!r}; choose one of {', '.join(parts)}")
    return parts[name]()
