"""An encoder with a head that scores architectures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.encoders.compiled import applied
from archflow.encoders.embedding import batches
from archflow.encoders.layers import Linear
from archflow.encoders.memory import check_evaluation
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.registry import Registry

ScoreLoss = Callable[[Tensor, Tensor], Tensor]
"""(K n, metrics) scores and targets of K runs of any length n -> (K,) loss of each run. A NaN target is missing."""

MODELS: Registry[type[ScoreModel]] = Registry("predictor model", "archflow.predict.models")
"""Models with their own losses, by the registered name of their encoder."""


class Head(nn.Module):
    """Linear(d, hidden) - ReLU - Linear(hidden, metrics), as FGP's regressor."""

    def __init__(self, dim: int, hidden: int, n_metrics: int = 1) -> None:
        super().__init__()
        self.hidden, self.out = Linear(dim, hidden), Linear(hidden, n_metrics)

    def forward(self, embedding: Tensor, members: int, context: Tensor | None = None) -> Tensor:
        """(B, d) -> (B, metrics); a context is not read."""
        runs = embedding.view(members, -1, embedding.shape[1])
        return self.out(torch.relu(self.hidden(runs))).flatten(0, 1)


class FusedHead(Head):
    """W2 ReLU(A h + B c + b) + L c + b2 of an embedding h and C numbers c of a device or task.

    The device enters behind the read-out, as in LeDG-Former (arXiv 2506.07735), and has a level of its own.
    """

    def __init__(self, dim: int, hidden: int, n_metrics: int, contexts: int) -> None:
        super().__init__(dim, hidden, n_metrics)
        self.context, self.level = Linear(contexts, hidden, bias=False), Linear(contexts, n_metrics, bias=False)

    def forward(self, embedding: Tensor, members: int, context: Tensor | None = None) -> Tensor:
        """(B, d), (B, C) -> (B, metrics)."""
        assert context is not None
        runs, devices = (each.view(members, -1, each.shape[1]) for each in (embedding, context))
        hidden = torch.relu(self.hidden(runs) + self.context(devices))
        return (self.out(hidden) + self.level(devices)).flatten(0, 1)


class ScoreModel(nn.Module, ABC):
    """Scores (B, metrics) of a batch. The meaning of a score depends on the objective that it is trained for.

    With `contexts` above 0, the head also reads as many numbers of the device or task, `Batch.context`.
    """

    def __init__(self, encoder: Encoder, n_metrics: int = 1, contexts: int = 0) -> None:
        super().__init__()
        self.n_metrics, self.contexts = n_metrics, contexts
        size = encoder.dim, encoder.width, n_metrics
        self.encoder, self.head = encoder, FusedHead(*size, contexts) if contexts else Head(*size)

    def forward(self, batch: Batch) -> Tensor:
        return self.head(self.encoder.embed(batch), batch.members, batch.context)

    @abstractmethod
    def loss(self, batch: Batch, targets: Tensor, score_loss: ScoreLoss) -> Tensor:
        """(K,) training loss of each member of the batch, for targets (B, metrics)."""


class RankingModel(ScoreModel):
    """The default model; its loss is that of the scores."""

    def loss(self, batch: Batch, targets: Tensor, score_loss: ScoreLoss) -> Tensor:
        return score_loss(self(batch), targets)


@torch.inference_mode()
def score(
    model: ScoreModel,
    architectures: ArchitectureSet,
    rows: NDArray | None = None,
    device: torch.device | str = "cpu",
    on_batch: Callable[[int], None] | None = None,
    context: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Compute (n, metrics) scores of the chosen rows (all if None); (K, n, metrics) for K members' rows (K, n).

    on_batch: called after every batch with the number of architectures done in it.
    context: (N, C) as in `Batch`.

    Raises ArchflowError for an architecture that needs more memory than there is.
    """
    rows = np.arange(len(architectures)) if rows is None else np.asarray(rows)
    check_evaluation(model.encoder, architectures.node_counts[rows.ravel()], device)
    model.to(device).eval()
    out = np.empty((*rows.shape, model.n_metrics), np.float32)
    for batch, places in batches(model.encoder, architectures, rows, device, context):
        out[..., places, :] = applied(model, batch).view(*rows.shape[:-1], len(places), model.n_metrics).cpu().numpy()
        if on_batch is not None:
            on_batch(len(places))
    return out
