"""The distribution of node codes at every position, and samples from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.ragged import Ints


@dataclass(frozen=True)
class CodeStatistics:
    """Mean and standard deviation of the codes at every position of a set's architectures, separately for every size.

    A position is a node's number if all edges of the set lead from a lower number to a higher one, as in the published
    spaces, and otherwise its number in topological order (`Batch.rank`). If sizes differ, as in NAS-Bench-101, the
    released code pads small cells at the end and mixes their outputs with inner nodes of large ones; here every size
    has its own statistics and is sampled with its frequency in the set.

    Attributes:
        sizes: (S,) numbers of nodes, ascending.
        shares: (S,) fraction of the set with each size.
        mean, std: (S, L, k), L the largest size; 0 at positions after the last node.
    """

    sizes: Ints
    shares: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @classmethod
    def of(cls, codes: Tensor, architectures: ArchitectureSet) -> CodeStatistics:
        """The statistics of codes (V, k), one code per node of the set."""
        sizes, kind, counts = np.unique(architectures.node_counts, return_inverse=True, return_counts=True)
        largest = int(sizes[-1])
        place = np.repeat(kind * largest, architectures.node_counts) + forward_numbers(architectures)
        rows, values = torch.from_numpy(place), codes.detach().cpu().double()
        number = torch.from_numpy(np.bincount(place, minlength=len(sizes) * largest)).clamp(min=1)[:, None]
        zeros = values.new_zeros(len(number), values.shape[1])
        mean = zeros.index_add(0, rows, values) / number
        # Relative to the mean, not from sums of squares, which would cancel for codes that are close together.
        std = (zeros.index_add(0, rows, (values - mean[rows]).square()) / number).sqrt()
        shape = (len(sizes), largest, values.shape[1])
        return cls(sizes, counts / counts.sum(), mean.view(shape).numpy(), std.view(shape).numpy())

    def draw(self, count: int, generator: np.random.Generator) -> tuple[Tensor, Ints]:
        """Draw codes (count, L, k) from independent normal distributions, and the number of nodes of each, (count,)."""
        kind = generator.choice(len(self.sizes), count, p=self.shares)
        noise = generator.standard_normal((count, *self.mean.shape[1:]))
        return torch.from_numpy(self.mean[kind] + self.std[kind] * noise).float(), self.sizes[kind]


def forward_numbers(architectures: ArchitectureSet) -> Ints:
    """(V,) a number of every node within its architecture, such that all edges lead from lower to higher ones."""
    if (architectures.edge_src < architectures.edge_dst).all():
        return np.arange(len(architectures.op)) - np.repeat(architectures.node_ptr[:-1], architectures.node_counts)
    return Batch(architectures).rank.numpy()
