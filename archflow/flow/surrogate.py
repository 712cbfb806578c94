"""The flow surrogate of FGP: a fixed random forward and backward flow of information, as a vector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.leveled import Neighbours
from archflow.graph.pieces import pieces

Pooling = Literal["sum", "mean", "max"]
Direction = Literal["both", "forward", "backward"]

BATCH = 8192
"""Largest number of architectures per batch: few enough to stay in the processor's cache."""


@dataclass(frozen=True)
class FlowSurrogate:
    """The surrogate `s` of FGP, a random forward and backward flow of information through the graph.

    Drawn once from `seed` and shared by all architectures of a vocabulary O: r ~ U(0,1)^k, P (|O|, k) and W (2k, k) ~
    N(0, sigma^2). With h_i = P[op_i] and pooling over neighbours:

        forward,  in topological order:   f_i = r                          for nodes without predecessors
                                          f_i = alpha m_i + (1 - alpha) ReLU([h_i || m_i] W),   m_i = sum f_pred
        backward, in the opposite order:  b_i = f_i                        for the nodes of the last order
                                          b_i = alpha m_i + (1 - alpha) ReLU([h_i || m_i] W),   m_i = sum b_succ
        s = sum of b_i over the nodes without predecessors

    The order of a node is the length of the longest path that ends at it. A node without successors that is not of the
    last order gets an empty message (zeros), as the formulas say; prune such dead ends beforehand if they should not
    count.

    Attributes:
        dim: k.
        sigma, alpha: As above.
        rounds: Number of passes, whose surrogates are concatenated (the paper's table 10); a later pass starts from the
            backward states of the previous one at the nodes without predecessors.
        pooling: How the messages of a node are pooled (table 11).
        direction: "forward" stops at f and sums it over the nodes of the last order; "backward" starts there, with r in
            place of f (the paper's ablations; where each starts and ends is our interpretation, since the paper does
            not say).
        draws: Number of seeds `seed`, `seed + 1`, ... whose surrogates are concatenated.

    Raises:
        ArchflowError: If a parameter is out of range.

    Source: Kim et al., "Learning to Flow from Generative Pretext Tasks for Neural Architecture Encoding" (FGP), NeurIPS
    2025, section on the flow.
    """

    seed: int = 0
    dim: int = 7
    sigma: float = 0.1
    alpha: float = 0.5
    rounds: int = 1
    pooling: Pooling = "sum"
    direction: Direction = "both"
    draws: int = 1

    def __post_init__(self) -> None:
        if min(self.dim, self.rounds, self.draws) < 1:
            raise ArchflowError(
                f"flow surrogate: dim {self.dim}, rounds {self.rounds} and draws {self.draws} must be at least 1"
            )
        if not (self.sigma > 0 and 0 <= self.alpha <= 1):
            raise ArchflowError(f"flow surrogate: sigma {self.sigma} must be above 0 and alpha {self.alpha} in 0..1")
        if self.pooling not in ("sum", "mean", "max"):
            raise ArchflowError(f"flow surrogate: pooling {self.pooling!r} is not sum, mean or max")
        if self.direction not in ("both", "forward", "backward"):
            raise ArchflowError(f"flow surrogate: direction {self.direction!r} is not both, forward or backward")

    @property
    def size(self) -> int:
        """Entries of one architecture's surrogate."""
        return self.draws * self.rounds * self.dim

    def draw(self, n_ops: int) -> tuple[Tensor, Tensor, Tensor]:
        """The fixed random arrays r (k,), P (|O|, k) and W (2k, k), float32, on the CPU.

        They are drawn as in the paper's released notebook, whose seed is 0: with NumPy's legacy generator, and a vector
        between r and P that is never used. With sigma 1 the magnitude of the surrogate depends on the draw.
        """
        generator = np.random.RandomState(self.seed)
        start, _unused = generator.uniform(size=self.dim), generator.uniform(size=self.dim)
        embedding = generator.normal(scale=self.sigma, size=(n_ops, self.dim))
        weight = generator.normal(scale=self.sigma, size=(2 * self.dim, self.dim))
        start, embedding, weight = (torch.from_numpy(a.astype(np.float32)) for a in (start, embedding, weight))
        return start, embedding, weight

    @torch.no_grad()
    def __call__(self, architectures: ArchitectureSet, device: torch.device | str = "cpu") -> Tensor:
        """(N, size) float32 surrogates of a whole set."""
        drawn = [replace(self, seed=self.seed + i, draws=1) for i in range(self.draws)]
        surrogates = torch.empty(len(architectures), self.size, device=device)
        # Padding to the largest degree of a level is bounded by one neighbour row for every pair of nodes.
        for rows in pieces(architectures.node_counts, BATCH, 64 * self.dim, 8):
            batch = Batch(architectures, rows, device)
            parts = torch.cat([part for one in drawn for part in one._rounds(batch)], 1)
            surrogates[torch.from_numpy(rows).to(device)] = parts
        return surrogates

    def _rounds(self, batch: Batch) -> list[Tensor]:
        """The surrogate (B, k) of every round of one draw, computed level by level."""
        start, embedding, weight = (x.to(batch.device) for x in self.draw(len(batch.architectures.vocabulary)))
        own = embedding @ weight[: self.dim]  # [h || m] W = h W_h + m W_m, where h W_h depends only on the operation
        layout = batch.leveled
        own, graph = own[batch.op[layout.node]], batch.graph[layout.node]
        depth = torch.from_numpy(batch.architectures.depths[batch.rows]).to(batch.device)
        is_last = batch.level[layout.node] == depth[graph]
        is_first = torch.arange(len(graph), device=batch.device) < layout.bounds[1]
        begins = is_last if self.direction == "backward" else is_first
        ends = (is_last if self.direction == "forward" else is_first).nonzero()[:, 0]
        # One buffer holds both directions: a node's neighbours of that direction are updated before it.
        flow = begins[:, None] * start
        levels = list(enumerate(pairwise(layout.bounds)))
        surrogates = []
        for _ in range(self.rounds):
            if self.direction != "backward":
                for level, (begin, end) in levels[1:]:
                    flow[begin:end] = self._update(flow, layout.predecessors[level], own[begin:end], weight)
            if self.direction != "forward":
                for level, (begin, end) in reversed(levels):
                    update = self._update(flow, layout.successors[level], own[begin:end], weight)
                    flow[begin:end] = torch.where(is_last[begin:end, None], flow[begin:end], update)
            surrogate = torch.zeros(len(batch), self.dim, device=batch.device)
            surrogates.append(surrogate.index_add_(0, graph[ends], flow[ends]))
        return surrogates

    def _update(self, flow: Tensor, neighbours: Neighbours | None, own: Tensor, weight: Tensor) -> Tensor:
        """(n, k) the new states of the n nodes of one level; own: (n, k) h W_h of each node."""
        if neighbours is None:
            return (1 - self.alpha) * torch.relu(own)
        message = self._pool(flow, neighbours)
        return self.alpha * message + (1 - self.alpha) * torch.relu(torch.addmm(own, message, weight[self.dim :]))

    def _pool(self, flow: Tensor, neighbours: Neighbours) -> Tensor:
        """(n, k) pooled messages of the n nodes of one level."""
        place, missing = neighbours.place, neighbours.missing
        if self.pooling == "max":
            messages = flow.index_select(0, place.view(-1)).view(*place.shape, -1)  # (n, P, k)
            if missing is None:
                return messages.amax(1)
            none = missing.all(1, keepdim=True)
            return messages.masked_fill(missing[..., None], -torch.inf).amax(1).masked_fill(none, 0)
        there = None if missing is None else (~missing).to(flow.dtype)
        summed = F.embedding_bag(place, flow, mode="sum", per_sample_weights=there)
        if self.pooling == "sum":
            return summed
        return summed / (place.shape[1] if there is None else there.sum(1, keepdim=True).clamp(min=1))
