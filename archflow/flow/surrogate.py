"""The flow surrogate of FGP: a fixed random forward and backward flow of information, as a vector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.ragged import Ints, pointer

Pooling = Literal["sum", "mean", "max"]
Direction = Literal["both", "forward", "backward"]


@dataclass(frozen=True)
class FlowSurrogate:
    """The surrogate `s` of "Learning to Flow from Generative Pretext Tasks" (FGP, NeurIPS 2025), section on the flow.

    Drawn once from `seed` and shared by all architectures of a vocabulary O: r ~ U(0,1)^k, P (|O|, k) and W (2k, k)
    ~ N(0, sigma^2). With h_i = P[op_i] and pooling over neighbours:

        forward,  in topological order:   f_i = r                          for nodes without predecessors
                                          f_i = alpha m_i + (1 - alpha) ReLU([h_i || m_i] W),   m_i = sum f_pred
        backward, in the opposite order:  b_i = f_i                        for the nodes of the last order
                                          b_i = alpha m_i + (1 - alpha) ReLU([h_i || m_i] W),   m_i = sum b_succ
        s = sum of b_i over the nodes without predecessors

    The order of a node is the longest path that ends at it. A node without successors that is not of the last order
    gets an empty message (zeros), as the formulas say; prune beforehand if such dead ends should not count.

    dim: k. sigma, alpha: as above. rounds: the surrogates of several passes side by side (the paper's table 10);
    a later pass starts from the backward states that the pass before left at the nodes without predecessors.
    pooling: how a node's messages are joined (table 11).
    direction: "forward" stops at f and sums it over the nodes of the last order; "backward" begins there, with r
    instead of f (the paper's ablations; where each starts and ends is our reading, the paper does not say).
    draws: the surrogates of the seeds `seed`, `seed + 1`, ... side by side.

    Raises ArchflowError for a parameter out of range.
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
        """The fixed random objects r (k,), P (|O|, k) and W (2k, k), float32, on the CPU.

        Drawn as the paper's released notebook draws them, whose seed is 0: NumPy's legacy generator, and a vector
        between r and P that is never used. With sigma 1 the size of the surrogate hangs on the draw.
        """
        generator = np.random.RandomState(self.seed)
        start, _unused = generator.uniform(size=self.dim), generator.uniform(size=self.dim)
        embedding = generator.normal(scale=self.sigma, size=(n_ops, self.dim))
        weight = generator.normal(scale=self.sigma, size=(2 * self.dim, self.dim))
        start, embedding, weight = (torch.from_numpy(a.astype(np.float32)) for a in (start, embedding, weight))
        return start, embedding, weight

    @torch.no_grad()
    def __call__(self, architectures: ArchitectureSet, device: torch.device | str = "cpu") -> Tensor:
        """(N, size) float32 surrogates of a whole set, all nodes of one order at once."""
        source, target = architectures.edge_nodes
        order = architectures.levels
        is_last = order == np.repeat(architectures.depths, architectures.node_counts)
        waves: list[_Wave] = []
        if self.direction != "backward":
            waves += _waves(order, source, target, device)
        if self.direction != "forward":
            waves += _waves(np.where(is_last, 0, order.max(initial=0) + 1 - order), target, source, device)
        starts = _nodes(architectures, is_last if self.direction == "backward" else order == 0, device)
        ends = _nodes(architectures, is_last if self.direction == "forward" else order == 0, device)
        op = torch.from_numpy(architectures.op.astype(np.int64)).to(device)
        drawn = [replace(self, seed=self.seed + i, draws=1) for i in range(self.draws)]
        return torch.cat([part for one in drawn for part in one._rounds(architectures, op, waves, starts, ends)], 1)

    def _rounds(
        self, architectures: ArchitectureSet, op: Tensor, waves: list[_Wave], starts: _Nodes, ends: _Nodes
    ) -> list[Tensor]:
        """The surrogate (N, k) of every round of one draw."""
        start, embedding, weight = (tensor.to(op.device) for tensor in self.draw(len(architectures.vocabulary)))
        own = embedding @ weight[: self.dim]  # [h || m] W = h W_h + m W_m, and h W_h depends on the operation alone
        flow = torch.zeros(len(op), self.dim, device=op.device)
        flow[starts.rows] = start
        surrogates = []
        for _ in range(self.rounds):
            # One buffer holds both directions: when a node is due, its neighbours of that direction have been.
            for wave in waves:
                message = self._pool(flow, wave)
                update = torch.relu(own[op[wave.nodes]] + message @ weight[self.dim :])
                flow[wave.nodes] = self.alpha * message + (1 - self.alpha) * update
            surrogate = torch.zeros(len(architectures), self.dim, device=op.device)
            surrogates.append(surrogate.index_add_(0, ends.owner, flow[ends.rows]))
        return surrogates

    def _pool(self, flow: Tensor, wave: _Wave) -> Tensor:
        """(n, k) joined messages of the n nodes of one wave."""
        messages = flow[wave.sender]
        empty = torch.zeros(len(wave.nodes), self.dim, device=flow.device)
        if self.pooling == "max":
            receiver = wave.receiver[:, None].expand_as(messages)
            return empty.scatter_reduce_(0, receiver, messages, "amax", include_self=False)
        summed = empty.index_add_(0, wave.receiver, messages)
        return summed if self.pooling == "sum" else summed / wave.degree[:, None].clamp(min=1)


@dataclass(frozen=True)
class _Nodes:
    """Some nodes of a set. rows: (n,). owner: (n,) the architecture of each."""

    rows: Tensor
    owner: Tensor


def _nodes(architectures: ArchitectureSet, chosen: NDArray[np.bool_], device: torch.device | str) -> _Nodes:
    rows = np.flatnonzero(chosen)
    owner = np.searchsorted(architectures.node_ptr, rows, side="right") - 1
    return _Nodes(torch.from_numpy(rows).to(device), torch.from_numpy(owner).to(device))


@dataclass(frozen=True)
class _Wave:
    """Nodes that are due together, and the messages they get.

    nodes: (n,) their rows. sender: (e,) node rows. receiver: (e,) places within `nodes`. degree: (n,) messages each.
    """

    nodes: Tensor
    sender: Tensor
    receiver: Tensor
    degree: Tensor


def _waves(rank: NDArray, sender: Ints, receiver: Ints, device: torch.device | str) -> list[_Wave]:
    """The nodes of rank 1, 2, ... with the messages they receive; those of rank 0 receive none."""
    nodes = np.argsort(rank, kind="stable")
    bounds = pointer(np.bincount(rank, minlength=1))
    place = np.empty(len(nodes), np.int64)
    place[nodes] = np.arange(len(nodes)) - bounds[rank[nodes]]
    edge_rank = rank[receiver]
    edges = np.argsort(edge_rank, kind="stable")
    edge_bounds = pointer(np.bincount(edge_rank, minlength=len(bounds) - 1))
    waves = []
    for i in range(1, len(bounds) - 1):
        due = nodes[bounds[i] : bounds[i + 1]]
        if len(due):
            messages = edges[edge_bounds[i] : edge_bounds[i + 1]]
            to = place[receiver[messages]]
            arrays = (due, sender[messages], to, np.bincount(to, minlength=len(due)))
            waves.append(_Wave(*(torch.from_numpy(array).to(device) for array in arrays)))
    return waves
