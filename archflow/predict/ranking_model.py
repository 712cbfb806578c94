"""An encoder with a head that scores architectures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.encoders.embedding import batches
from archflow.encoders.layers import Linear
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch

ScoreLoss = Callable[[Tensor, Tensor], Tensor]
"""(K n, metrics) scores and labels, K runs of any length n -> (K,) loss of every run. A NaN label is missing."""


class Head(nn.Module):
    """Linear(d, hidden) - ReLU - Linear(hidden, metrics), as FGP's regressor."""

    def __init__(self, dim: int, hidden: int, n_metrics: int = 1) -> None:
        super().__init__()
        self.hidden, self.out = Linear(dim, hidden), Linear(hidden, n_metrics)

    def forward(self, embedding: Tensor, members: int) -> Tensor:
        """(B, d) -> (B, metrics)."""
        if members == 1:
            return self.out(torch.relu(self.hidden(embedding)))
        runs = embedding.view(members, -1, embedding.shape[1])
        return self.out(torch.relu(self.hidden(runs))).flatten(0, 1)


class RankingModel(nn.Module):
    """Scores (B, metrics) of a batch. Only their order means something: the loss sees nothing else."""

    def __init__(self, encoder: Encoder, n_metrics: int = 1) -> None:
        super().__init__()
        self.encoder, self.head = encoder, Head(encoder.dim, encoder.width, n_metrics)

    def forward(self, batch: Batch) -> Tensor:
        return self.head(self.encoder.embed(batch), batch.members)

    def loss(self, batch: Batch, labels: Tensor, score_loss: ScoreLoss) -> Tensor:
        """(K,) what to minimise in training, for every member of the batch. labels: (B, metrics)."""
        return score_loss(self(batch), labels)


@torch.inference_mode()
def score(
    model: RankingModel, architectures: ArchitectureSet, rows: NDArray | None = None, device: torch.device | str = "cpu"
) -> NDArray[np.float32]:
    """(n, metrics) scores of the chosen rows (all if None); (K, n, metrics) for K members' rows (K, n)."""
    rows = np.arange(len(architectures)) if rows is None else np.asarray(rows)
    model.to(device).eval()
    n_metrics = model.head.out.weight.shape[-1]
    out = np.empty((*rows.shape, n_metrics), np.float32)
    done = 0
    for batch, shape in batches(architectures, rows, device):
        out[..., done : done + shape[-1], :] = model(batch).view(*shape, n_metrics).cpu().numpy()
        done += shape[-1]
    return out
